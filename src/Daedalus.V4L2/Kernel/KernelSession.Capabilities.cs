// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>What the driver can, asked once.</summary>
internal sealed unsafe partial class KernelSession
{
    private bool HasControl(uint id)
    {
        foreach ((uint known, _) in _controls)
            if (known == id)
                return true;
        return false;
    }

    private void AskCapabilities()
    {
        V4L2Format f = new() { Type = V4L2Abi.TypeOutput, PixelFormat = _codedFormat, Width = 64, Height = 64, PlaneCount = 1 };
        int status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
        if (status < 0 || f.PixelFormat != _codedFormat)
            throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) takes no {PixelFormat.ToText(_codedFormat)}: {(status < 0 ? KernelNode.Message(status) : "another format was set")}.", -22);
        V4L2RequestBuffers output = new() { Type = V4L2Abi.TypeOutput, Memory = V4L2Abi.MemoryMmap };
        status = _video.Ioctl(V4L2Abi.ReqBufs, ref output);
        if (status < 0 || (output.Capabilities & V4L2Abi.BufCapRequests) == 0)
            throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) takes no requests.", KernelNode.NotSupported);
        _canHold = (output.Capabilities & V4L2Abi.BufCapHoldCapture) != 0;
        V4L2CreateBuffers capture = new() { Memory = V4L2Abi.MemoryMmap };
        capture.Format.Type = V4L2Abi.TypeCapture;
        if (_video.Ioctl(V4L2Abi.GetFmt, ref capture.Format) >= 0 && _video.Ioctl(V4L2Abi.CreateBufs, ref capture) >= 0)
        {
            _canRemove = (capture.Capabilities & V4L2Abi.BufCapRemoveBufs) != 0;
            if ((capture.Capabilities & V4L2Abi.BufCapMaxNumBuffers) != 0)
                MaxCaptureBuffers = (int)Math.Min(capture.MaxNumBuffers, MaxCapture);
        }
    }

    private void AskControls()
    {
        switch (_codedFormat)
        {
            case PixelFormat.Vp9Frame:
                Need(V4L2CtrlVp9Frame.ControlId, (uint)sizeof(V4L2CtrlVp9Frame));
                Take(V4L2CtrlVp9CompressedHdr.ControlId, (uint)sizeof(V4L2CtrlVp9CompressedHdr));
                break;
            case PixelFormat.H264Slice:
                Need(V4L2CtrlH264Sps.ControlId, (uint)sizeof(V4L2CtrlH264Sps));
                Need(V4L2CtrlH264Pps.ControlId, (uint)sizeof(V4L2CtrlH264Pps));
                Take(V4L2CtrlH264ScalingMatrix.ControlId, (uint)sizeof(V4L2CtrlH264ScalingMatrix));
                Need(V4L2CtrlH264DecodeParams.ControlId, (uint)sizeof(V4L2CtrlH264DecodeParams));
                TakePacked(DaedalusCtrlH264PictureParameters.ControlId);
                Choose(V4L2Abi.H264DecodeMode, V4L2Abi.H264FrameBased, "H.264 whole frames at a time, only slices");
                Choose(V4L2Abi.H264StartCode, V4L2Abi.H264StartCodeAnnexB, "H.264 with start codes");
                break;
            default:
                Need(V4L2CtrlAv1Sequence.ControlId, (uint)sizeof(V4L2CtrlAv1Sequence));
                Need(V4L2CtrlAv1Frame.ControlId, (uint)sizeof(V4L2CtrlAv1Frame));
                Need(V4L2CtrlAv1TileGroupEntry.ControlId, (uint)sizeof(V4L2CtrlAv1TileGroupEntry));
                Take(V4L2CtrlAv1FilmGrain.ControlId, (uint)sizeof(V4L2CtrlAv1FilmGrain));
                TakePacked(DaedalusCtrlAv1Frame.ControlId);
                break;
        }
    }

    private bool Take(uint id, uint size)
    {
        V4L2QueryExtCtrl q = new() { Id = id };
        if (_video.Ioctl(V4L2Abi.QueryExtCtrl, ref q) < 0 || q.ElemSize != size)
            return false;
        _controls.Add((id, size));
        return true;
    }

    // Ours, which only our module knows.
    private void TakePacked(uint id)
    {
        V4L2QueryExtCtrl q = new() { Id = id };
        if (_video.Ioctl(V4L2Abi.QueryExtCtrl, ref q) < 0 || q.Type != V4L2Abi.CtrlTypeU8 || (q.Flags & V4L2Abi.CtrlFlagDynamicArray) == 0)
            return;
        _controls.Add((id, 1));
        _packed = new byte[PackedControls.MaxBytes];
    }

    private void Need(uint id, uint size)
    {
        if (!Take(id, size))
            throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) lacks control 0x{id:x8} of {size} bytes for {PixelFormat.ToText(_codedFormat)}.", KernelNode.NotSupported);
    }

    // A menu that the driver has only where there is something to choose.
    private void Choose(uint id, int value, string what)
    {
        V4L2QueryExtCtrl q = new() { Id = id };
        if (_video.Ioctl(V4L2Abi.QueryExtCtrl, ref q) < 0)
            return;
        V4L2ExtControl control = new() { Id = id, Value = value };
        V4L2ExtControls set = new() { Count = 1, Controls = &control };
        int status = value >= q.Minimum && value <= q.Maximum ? _video.Ioctl(V4L2Abi.SetExtCtrls, ref set) : KernelNode.Invalid;
        if (status < 0)
            throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) does not take {what}: not supported here.", KernelNode.NotSupported);
    }
}
