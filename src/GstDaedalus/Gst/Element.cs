// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.GLib;
using GstDaedalus.Interop;

namespace GstDaedalus.Gst;

/// <summary>GstFlowReturn.</summary>
public enum FlowReturn
{
    /// <summary>Data passing was fine.</summary>
    Ok = 0,
    /// <summary>Pad is not linked.</summary>
    NotLinked = -1,
    /// <summary>Pad is flushing.</summary>
    Flushing = -2,
    /// <summary>Pad is at the end of the stream.</summary>
    Eos = -3,
    /// <summary>No common caps.</summary>
    NotNegotiated = -4,
    /// <summary>An error message was posted.</summary>
    Error = -5,
}

/// <summary>Domains of element messages.</summary>
public enum ErrorDomain
{
    /// <summary>GST_CORE_ERROR.</summary>
    Core,
    /// <summary>GST_LIBRARY_ERROR.</summary>
    Library,
    /// <summary>GST_RESOURCE_ERROR.</summary>
    Resource,
    /// <summary>GST_STREAM_ERROR.</summary>
    Stream,
}

/// <summary>Managed half of a GstElement.</summary>
public abstract unsafe class Element : GObject
{
    /// <summary>Posts an error message on the bus.</summary>
    public void PostError(ErrorDomain domain, int code, string text, string? debug = null) => Post(GstConst.MessageError, domain, code, text, debug);

    /// <summary>Posts a warning message on the bus.</summary>
    public void PostWarning(ErrorDomain domain, int code, string text, string? debug = null) => Post(GstConst.MessageWarning, domain, code, text, debug);

    private void Post(int type, ErrorDomain domain, int code, string text, string? debug)
        => GstNative.gst_element_message_full(Handle, type, Quark(domain), code, Utf8.Duplicate(text), Utf8.Duplicate(debug),
            Utf8.Literal("daedalus"u8), Utf8.Literal("daedalus"u8), 0);

    /// <summary>GQuark of a domain.</summary>
    protected static uint Quark(ErrorDomain domain) => domain switch
    {
        ErrorDomain.Core => GstNative.gst_core_error_quark(),
        ErrorDomain.Library => GstNative.gst_library_error_quark(),
        ErrorDomain.Resource => GstNative.gst_resource_error_quark(),
        _ => GstNative.gst_stream_error_quark(),
    };

    /// <inheritdoc/>
    protected internal override void OnException(Exception exception, string where)
    {
        // Whatever happens here must not throw again: the caller is C.
        try
        {
            PostError(ErrorDomain.Library, GstConst.LibraryErrorFailed, "Internal error in " + where + ": " + exception.Message, exception.ToString());
        }
        catch (Exception)
        {
        }
    }
}
