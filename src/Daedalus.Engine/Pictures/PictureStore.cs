// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Scheduling;

namespace Daedalus.Engine.Pictures;

/// <summary>The pictures of a stream by CAPTURE slot and timestamp, with their memory. All members: under the decoder's lock.</summary>
internal sealed unsafe class PictureStore : IDisposable
{
    /// <summary>CAPTURE slots.</summary>
    public const int SlotCount = 128;

    private readonly Picture?[] _slots = new Picture?[SlotCount];
    private readonly Stack<Picture> _free = new();
    private readonly List<Picture> _all = [];
    private readonly SharedBlockPool _planarPool = new();
    private int _number;

    /// <summary>What every codec demands of a request's memory.</summary>
    public static bool IsValid(AbiRequest* request) => request->Bitstream != null && request->BitstreamSize <= int.MaxValue && request->Capture != null
        && ((nint)request->Capture & (PictureLayout.Alignment - 1)) == 0 && request->CaptureIndex < SlotCount;

    /// <summary>The picture a slot holds.</summary>
    public Picture? InSlot(uint slot) => _slots[slot];

    /// <summary>The picture a timestamp names; null if there is none, or nothing to predict from.</summary>
    /// <param name="timestamp">Name.</param>
    /// <param name="written">CAPTURE buffer of the frame that refers to it: a picture there is overwritten while that frame is decoded, and which samples would be old is a matter of timing.</param>
    /// <param name="current">The frame's own picture, which may lie there (the first field of two).</param>
    public Picture? Find(ulong timestamp, byte* written, Picture? current = null)
    {
        foreach (Picture? picture in _slots)
        {
            if (picture != null && picture.Timestamp == timestamp)
                return picture.Failed || (picture.Capture == written && picture != current) ? null : picture;
        }
        return null;
    }

    /// <summary>
    /// A picture for a request, with one holder. Its samples lie in the CAPTURE buffer, or in memory of our own when that is semi-planar or <paramref name="separate"/> is set (it gets the picture with film grain).
    /// </summary>
    /// <exception cref="OutOfMemoryException">No memory; nothing has changed.</exception>
    public Picture Take(AbiRequest* request, int width, int height, in FormatInfo format, bool separate = false)
    {
        if (!_free.TryPop(out Picture? picture))
        {
            picture = new Picture();
            _all.Add(picture);
        }
        picture.Users = 1;
        // 29 bits: H.264 keys carry two bits more and a sign.
        picture.Number = _number = (_number + 1) & 0x1fffffff;
        *picture.ProgressCell = *picture.FieldProgressCell(1) = *picture.FieldProgressCell(2) = 0;
        picture.Corrupted = picture.Failed = picture.Final = picture.IsFieldPair = false;
        picture.FieldsBegun = picture.FieldsMissing = picture.MotionBusy = picture.MotionRows = picture.Pending = 0;
        picture.Capture = request->Capture;
        picture.Internal = null;
        if (!format.SemiPlanar && !separate)
        {
            picture.View = PictureLayout.View(&request->Layout, request->Capture, width, height, format);
            return picture;
        }
        try
        {
            AbiLayout planar;
            if (!PictureLayout.Fill(V4L2.PixelFormat.Planar(format.SubsamplingX, format.SubsamplingY, format.BitDepth), (uint)width, (uint)height, &planar))
                throw new OutOfMemoryException();
            picture.Internal = _planarPool.Take(planar.Size);
            picture.Capture = null;
            picture.View = PictureLayout.View(&planar, picture.Internal.Memory.Pointer, width, height, format);
            return picture;
        }
        catch (OutOfMemoryException)
        {
            Release(picture);
            throw;
        }
    }

    /// <summary>Names a picture: the slot holds it from now on.</summary>
    /// <param name="slot">CAPTURE slot.</param>
    /// <param name="picture">Picture.</param>
    /// <param name="timestamp">Name.</param>
    /// <param name="capture">The slot's memory.</param>
    public void Assign(int slot, Picture picture, ulong timestamp, byte* capture)
    {
        // A timestamp names one picture: an older one of that name is forgotten, as is the slot's, and what lay in the same memory under another slot.
        for (int i = 0; i < SlotCount; i++)
        {
            if (_slots[i] is { } old && (i == slot || old.Timestamp == timestamp || old.Capture == capture))
            {
                Release(old);
                _slots[i] = null;
            }
        }
        picture.Timestamp = timestamp;
        picture.Users++;
        _slots[slot] = picture;
    }

    /// <summary>One holder less.</summary>
    public void Release(Picture picture)
    {
        if (--picture.Users != 0)
            return;
        picture.Internal?.RemoveUser();
        picture.Internal = null;
        picture.Motion?.RemoveUser();
        picture.Motion = null;
        picture.Capture = null;
        _free.Push(picture);
    }

    /// <summary>Forgets all names.</summary>
    public void Clear()
    {
        for (int i = 0; i < SlotCount; i++)
        {
            if (_slots[i] is { } picture)
                Release(picture);
            _slots[i] = null;
        }
    }

    /// <summary>Sequence number of the youngest job in flight that writes or reads a buffer, 0 if none.</summary>
    public static ulong FindCaptureUser(FrameJob? youngest, byte* capture)
    {
        for (FrameJob? j = youngest; j != null; j = j.Older)
        {
            if (!j.Released && j.UsesCapture(capture))
                return j.Sequence;
        }
        return 0;
    }

    /// <summary>Frees everything, held or not.</summary>
    public void Dispose()
    {
        foreach (Picture picture in _all)
            picture.Free();
        _planarPool.Dispose();
    }
}
