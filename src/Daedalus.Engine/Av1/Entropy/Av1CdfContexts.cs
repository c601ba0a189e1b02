// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Setting up, loading and saving of CDFs.</summary>
public static unsafe class Av1CdfContexts
{
    /// <summary>Bytes of a context.</summary>
    public static int Size => sizeof(Av1CdfContext);

    /// <summary>
    /// The CDFs all tiles of a frame begin with (5.9.2): of the primary reference frame or the defaults. They are also what the frame leaves behind unless a tile's final ones replace them.
    /// </summary>
    public static void Begin(Av1FrameState* s)
    {
        var cdfs = (Av1CdfContext*)s->Cdfs;
        if (s->Primary != null && s->Primary->Cdfs != null && s->Frame.PrimaryRefFrame != V4L2CtrlAv1Frame.PrimaryRefNone)
        {
            *cdfs = *(Av1CdfContext*)s->Primary->Cdfs;
            ClearCounters(cdfs);
        }
        else
        {
            SetDefaults(cdfs, s->Frame.Quantization.BaseQIdx);
        }
        if (s->Saved != null && s->Saved->Cdfs != null)
            *(Av1CdfContext*)s->Saved->Cdfs = *cdfs;
    }

    /// <summary>init_non_coeff_cdfs and init_coeff_cdfs (6.8.2).</summary>
    public static void SetDefaults(Av1CdfContext* cdfs, int baseQIdx)
    {
        var entries = new Span<ushort>(cdfs, Av1CdfContext.Length);
        Av1CdfDefaults.Plain.CopyTo(entries);
        var coefficients = baseQIdx <= 20 ? Av1CdfDefaults.Coefficients0 : baseQIdx <= 60 ? Av1CdfDefaults.Coefficients1
            : baseQIdx <= 120 ? Av1CdfDefaults.Coefficients2 : Av1CdfDefaults.Coefficients3;
        coefficients.CopyTo(entries[Av1CdfContext.FirstCoefficient..]);
    }

    /// <summary>Sets the counter of every CDF to 0 (load_cdfs, 6.8.2).</summary>
    public static void ClearCounters(Av1CdfContext* cdfs)
    {
        var entries = (ushort*)cdfs;
        var layout = Av1CdfDefaults.Layout;
        for (int i = 0; i < layout.Length; i += 3)
        {
            int stride = layout[i + 1];
            ushort* counter = entries + layout[i] + stride - 1;
            for (int n = layout[i + 2]; n > 0; n--, counter += stride)
                *counter = 0;
        }
    }
}
