// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GstDaedalus.GLib;
using GstDaedalus.Interop;

namespace GstDaedalus.Gst.Video;

/// <summary>
/// Managed GstVideoDecoder: override the On… methods as a C element overrides the class's virtual methods. They run with the
/// stream lock where GStreamer holds it; an exception becomes an element error and the method's failure value.
/// </summary>
public abstract unsafe class VideoDecoder : Element
{
    private static nint s_parentClass;

    /// <summary>Where the managed handle sits; <see cref="AbiCheck"/> has compared the size with the loaded library's.</summary>
    private const int HandleOffset = Layout.Size_GstVideoDecoder;

    /// <summary>Sink pad, not referenced.</summary>
    protected nint SinkPad => *(nint*)(Handle + Layout.GstVideoDecoder_sinkpad);

    /// <summary>Source pad, not referenced.</summary>
    protected nint SrcPad => *(nint*)(Handle + Layout.GstVideoDecoder_srcpad);

    /// <summary>Registers a decoder type.</summary>
    public static TypeDefinition RegisterType(ReadOnlySpan<byte> name, Func<VideoDecoder> create, TypeDefinition.ClassInitializer classInit)
        => TypeDefinition.Register(GstVideoNative.gst_video_decoder_get_type(), name, create, (in ClassBuilder b) =>
        {
            InstallSlots(b);
            classInit(b);
        });

    /// <summary>NULL to READY: acquire devices.</summary>
    protected virtual bool OnOpen() => true;
    /// <summary>READY to NULL.</summary>
    protected virtual bool OnClose() => true;
    /// <summary>READY to PAUSED: a stream starts.</summary>
    protected virtual bool OnStart() => true;
    /// <summary>PAUSED to READY: the streaming thread has ended.</summary>
    protected virtual bool OnStop() => true;
    /// <summary>New input caps; earlier frames are drained.</summary>
    protected virtual bool OnSetFormat(VideoCodecState state) => true;
    /// <summary>One coded frame; its reference passes to the method.</summary>
    protected abstract FlowReturn OnHandleFrame(VideoCodecFrame frame);
    /// <summary>Put out what is pending; more data will follow.</summary>
    protected virtual FlowReturn OnDrain() => FlowReturn.Ok;
    /// <summary>Put out what is pending at the end of the stream.</summary>
    protected virtual FlowReturn OnFinish() => OnDrain();
    /// <summary>Forget what is pending.</summary>
    protected virtual bool OnFlush() => true;
    /// <summary>Allocation query answered by downstream.</summary>
    protected virtual bool OnDecideAllocation(nint query) => ChainDecideAllocation(query);
    /// <summary>An event on the sink pad; it is owned by the method. FLUSH_START comes from any thread without the stream lock.</summary>
    protected virtual bool OnSinkEvent(nint gstEvent) => ChainSinkEvent(gstEvent);
    /// <summary>GstElement.change_state; returns a GstStateChangeReturn.</summary>
    protected virtual int OnChangeState(int transition) => ChainChangeState(transition);

    /// <summary>GstVideoDecoder's own decide_allocation.</summary>
    protected bool ChainDecideAllocation(nint query)
        => (*(delegate* unmanaged[Cdecl]<nint, nint, int>*)(s_parentClass + Layout.GstVideoDecoderClass_decide_allocation))(Handle, query) != 0;

    /// <summary>GstVideoDecoder's own sink_event.</summary>
    protected bool ChainSinkEvent(nint gstEvent)
        => (*(delegate* unmanaged[Cdecl]<nint, nint, int>*)(s_parentClass + Layout.GstVideoDecoderClass_sink_event))(Handle, gstEvent) != 0;

    /// <summary>GstVideoDecoder's own change_state.</summary>
    protected int ChainChangeState(int transition)
        => (*(delegate* unmanaged[Cdecl]<nint, int, int>*)(s_parentClass + Layout.GstElementClass_change_state))(Handle, transition);

    /// <summary>gst_video_decoder_finish_frame: takes the reference.</summary>
    protected FlowReturn FinishFrame(VideoCodecFrame frame) => (FlowReturn)GstVideoNative.gst_video_decoder_finish_frame(Handle, frame.Handle);

    /// <summary>gst_video_decoder_drop_frame: takes the reference and posts a QoS message.</summary>
    protected FlowReturn DropFrame(VideoCodecFrame frame) => (FlowReturn)GstVideoNative.gst_video_decoder_drop_frame(Handle, frame.Handle);

    /// <summary>gst_video_decoder_release_frame: takes the reference and forgets the frame.</summary>
    protected void ReleaseFrame(VideoCodecFrame frame) => GstVideoNative.gst_video_decoder_release_frame(Handle, frame.Handle);

    /// <summary>GST_VIDEO_DECODER_ERROR: counts against max-errors, fatal (<see cref="FlowReturn.Error"/>) beyond them.</summary>
    protected FlowReturn CountError(ErrorDomain domain, int code, string text, string? debug)
        => (FlowReturn)GstVideoNative._gst_video_decoder_error(Handle, 1, Quark(domain), code, Utf8.Duplicate(text), Utf8.Duplicate(debug),
            Utf8.Literal("daedalus"u8), Utf8.Literal("daedalus"u8), 0);

    private static void InstallSlots(in ClassBuilder b)
    {
        s_parentClass = (nint)GLibNative.g_type_class_ref(GstVideoNative.gst_video_decoder_get_type());
        b.Slot(Layout.GstVideoDecoderClass_open, (delegate* unmanaged[Cdecl]<nint, int>)&Open);
        b.Slot(Layout.GstVideoDecoderClass_close, (delegate* unmanaged[Cdecl]<nint, int>)&Close);
        b.Slot(Layout.GstVideoDecoderClass_start, (delegate* unmanaged[Cdecl]<nint, int>)&Start);
        b.Slot(Layout.GstVideoDecoderClass_stop, (delegate* unmanaged[Cdecl]<nint, int>)&Stop);
        b.Slot(Layout.GstVideoDecoderClass_flush, (delegate* unmanaged[Cdecl]<nint, int>)&Flush);
        b.Slot(Layout.GstVideoDecoderClass_set_format, (delegate* unmanaged[Cdecl]<nint, nint, int>)&SetFormat);
        b.Slot(Layout.GstVideoDecoderClass_handle_frame, (delegate* unmanaged[Cdecl]<nint, nint, int>)&HandleFrame);
        b.Slot(Layout.GstVideoDecoderClass_drain, (delegate* unmanaged[Cdecl]<nint, int>)&Drain);
        b.Slot(Layout.GstVideoDecoderClass_finish, (delegate* unmanaged[Cdecl]<nint, int>)&Finish);
        b.Slot(Layout.GstVideoDecoderClass_decide_allocation, (delegate* unmanaged[Cdecl]<nint, nint, int>)&DecideAllocation);
        b.Slot(Layout.GstVideoDecoderClass_sink_event, (delegate* unmanaged[Cdecl]<nint, nint, int>)&SinkEvent);
        b.Slot(Layout.GstElementClass_change_state, (delegate* unmanaged[Cdecl]<nint, int, int>)&ChangeState);
    }

    private static VideoDecoder? From(nint self) => FromInstance<VideoDecoder>(self, HandleOffset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnOpen() ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "open"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnClose() ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "close"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Start(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnStart() ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "start"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Stop(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnStop() ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "stop"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Flush(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnFlush() ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "flush"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetFormat(nint self, nint state)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnSetFormat(new VideoCodecState(state)) ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "set_format"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int HandleFrame(nint self, nint frame)
    {
        VideoDecoder? d = From(self);
        try { return d is null ? (int)FlowReturn.Error : (int)d.OnHandleFrame(new VideoCodecFrame(frame)); }
        catch (Exception e) { d!.OnException(e, "handle_frame"); return (int)FlowReturn.Error; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Drain(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is null ? (int)FlowReturn.Error : (int)d.OnDrain(); }
        catch (Exception e) { d!.OnException(e, "drain"); return (int)FlowReturn.Error; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Finish(nint self)
    {
        VideoDecoder? d = From(self);
        try { return d is null ? (int)FlowReturn.Error : (int)d.OnFinish(); }
        catch (Exception e) { d!.OnException(e, "finish"); return (int)FlowReturn.Error; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DecideAllocation(nint self, nint query)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnDecideAllocation(query) ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "decide_allocation"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SinkEvent(nint self, nint gstEvent)
    {
        VideoDecoder? d = From(self);
        try { return d is not null && d.OnSinkEvent(gstEvent) ? 1 : 0; }
        catch (Exception e) { d!.OnException(e, "sink_event"); return 0; }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ChangeState(nint self, int transition)
    {
        VideoDecoder? d = From(self);
        try { return d is null ? 0 : d.OnChangeState(transition); }
        catch (Exception e) { d!.OnException(e, "change_state"); return 0; }
    }
}
