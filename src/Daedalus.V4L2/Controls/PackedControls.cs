// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Controls;

/// <summary>
/// The private controls as they travel through the kernel, where an address means nothing: arrays of bytes, in which maps of slice groups follow the parameter sets
/// and are named by their offset. One byte of zero stands for "none". Documented in docs/private-controls.md.
/// </summary>
public static unsafe class PackedControls
{
    /// <summary>Most bytes of a packed control.</summary>
    public const int MaxBytes = 256 << 10;

    // The number of parameter sets, and as many bytes that keep what follows aligned.
    private const int HeaderBytes = 8;
    private const int E2Big = -7, Invalid = -22;

    /// <summary>Whether a control travels packed.</summary>
    public static bool Is(uint id) => id is DaedalusCtrlH264PictureParameters.ControlId or DaedalusCtrlAv1Frame.ControlId;

    /// <summary>Whether the picture cannot be decoded without the private control, whose content is not what the others imply.</summary>
    /// <param name="control">A private control as the engine takes it.</param>
    public static bool IsNeeded(in ControlPayload control)
    {
        if (control.Size == 0)
            return false;
        if (control.Id == DaedalusCtrlAv1Frame.ControlId)
        {
            var av1 = (DaedalusCtrlAv1Frame*)control.Payload;
            return av1->Flags != 0 || av1->ContextUpdateTileId > byte.MaxValue || av1->MatrixCoefficients == DaedalusCtrlAv1Frame.MatrixIdentity;
        }
        return control.Size > (uint)sizeof(DaedalusCtrlH264PictureParameters) || ((DaedalusCtrlH264PictureParameters*)control.Payload)->Pps.NumSliceGroupsMinus1 != 0;
    }

    /// <summary>Packs a control.</summary>
    /// <param name="control">A private control as the engine takes it.</param>
    /// <param name="to">Receives it; <see cref="MaxBytes"/>.</param>
    /// <returns>Bytes, or -E2BIG.</returns>
    public static int Pack(in ControlPayload control, byte* to)
    {
        if (control.Id == DaedalusCtrlAv1Frame.ControlId)
        {
            Unsafe.CopyBlock(to, (void*)control.Payload, control.Size);
            return (int)control.Size;
        }
        long at = HeaderBytes + control.Size;
        if (at > MaxBytes)
            return E2Big;
        int count = (int)(control.Size / (uint)sizeof(DaedalusCtrlH264PictureParameters));
        *(ulong*)to = (uint)count;
        Unsafe.CopyBlock(to + HeaderBytes, (void*)control.Payload, control.Size);
        var sets = (DaedalusCtrlH264PictureParameters*)(to + HeaderBytes);
        for (int i = 0; i < count; i++)
        {
            if (sets[i].MapUnits == 0 || sets[i].SliceGroupId == 0)
            {
                sets[i].SliceGroupId = 0;
                continue;
            }
            if (at + sets[i].MapUnits > MaxBytes)
                return E2Big;
            Unsafe.CopyBlock(to + at, (void*)sets[i].SliceGroupId, sets[i].MapUnits);
            sets[i].SliceGroupId = (ulong)at;
            at += sets[i].MapUnits;
        }
        return (int)at;
    }

    /// <summary>
    /// Unpacks a control in place: nothing in it points anywhere but into itself afterwards. What it holds is not trusted.
    /// </summary>
    /// <param name="control">As it came, at an address that is a multiple of 8; as the engine takes it afterwards, of size 0 for "none".</param>
    /// <returns>0, or -EINVAL.</returns>
    public static int Unpack(ref ControlPayload control)
    {
        var bytes = (byte*)control.Payload;
        if (control.Size == 1 && *bytes == 0)
        {
            control = new ControlPayload(control.Id, control.Payload, 0);
            return 0;
        }
        if (control.Id == DaedalusCtrlAv1Frame.ControlId)
            return control.Size == (uint)sizeof(DaedalusCtrlAv1Frame) ? 0 : Invalid;
        if (control.Size < HeaderBytes || control.Size > MaxBytes)
            return Invalid;
        uint count = *(uint*)bytes;
        ulong end = HeaderBytes + (ulong)count * (uint)sizeof(DaedalusCtrlH264PictureParameters);
        if (count == 0 || end > control.Size)
            return Invalid;
        var sets = (DaedalusCtrlH264PictureParameters*)(bytes + HeaderBytes);
        for (uint i = 0; i < count; i++)
        {
            ulong offset = sets[i].SliceGroupId;
            if (offset == 0)
                continue;
            if (offset < end || offset > control.Size || sets[i].MapUnits > control.Size - offset)
                return Invalid;
            sets[i].SliceGroupId = (ulong)(bytes + offset);
        }
        control = new ControlPayload(control.Id, (nint)sets, count * (uint)sizeof(DaedalusCtrlH264PictureParameters));
        return 0;
    }
}
