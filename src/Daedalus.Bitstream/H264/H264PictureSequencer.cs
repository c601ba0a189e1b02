// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// The state of an H.264 stream (base view): splits access units into pictures, computes picture order, marks references, pairs fields,
/// fills the controls of one request a picture and yields frames in output order. Who owns the picture memory is the client's affair.
/// One thread calls it. Allocates nothing in steady state.
/// </summary>
/// <remarks>
/// Decoding begins at an IDR picture, a recovery point or an I picture; frames that come out before such a start point has been
/// reached in output order are skipped, since they refer to what was never received.
/// </remarks>
/// <typeparam name="T">The client's picture buffer.</typeparam>
public sealed unsafe partial class H264PictureSequencer<T> : IDisposable where T : class
{
    private readonly IH264PictureClient<T> _client;
    private readonly H264Dpb<T> _dpb;
    private readonly H264ParameterSets _sets = new();
    private readonly byte[] _unescaped = new byte[H264SliceHeaderParser.MaxHeaderBytes];
    private readonly H264RequestControls* _controls;
    private readonly H264SliceHeader* _first;
    private readonly H264SliceHeader* _slice;
    private readonly T[] _references = new T[32];
    private readonly H264Pps[] _used = new H264Pps[256];
    private byte[] _sei = new byte[1024];
    private H264Sei _pendingSei = new();
    private int _usedCount;
    private int _parameterCapacity;
    private bool _disposed;

    // The picture whose slices are being collected.
    private bool _active;
    // It is not decoded: before the start of decoding, or its parameter sets are not supported.
    private bool _ignored;
    private bool _secondField;
    private bool _boundary;
    // Bytes of it that came with earlier calls.
    private byte* _carried;
    private int _carriedSize, _carriedCapacity;
    // Its bytes in the data of this call; -1 = none yet.
    private int _rangeStart = -1, _rangeEnd;

    private H264Sps? _sps;
    private H264PictureOrder _order;
    private int _previousReferenceFrameNum;
    private bool _started;
    private bool _damaged;
    // A recovery point was seen and its frame is still to come.
    private bool _recovering;
    private int _recoveryStart, _recoveryCount;
    // Pictures before this count refer to what a broken link or damage took.
    private int _cleanFrom = int.MinValue;

    /// <summary>A sequencer without parameter sets.</summary>
    public H264PictureSequencer(IH264PictureClient<T> client)
    {
        _client = client;
        _dpb = new H264Dpb<T>(client);
        _controls = (H264RequestControls*)NativeMemory.AllocZeroed((nuint)sizeof(H264RequestControls));
        _first = (H264SliceHeader*)NativeMemory.AllocZeroed((nuint)sizeof(H264SliceHeader));
        _slice = (H264SliceHeader*)NativeMemory.AllocZeroed((nuint)sizeof(H264SliceHeader));
    }

    /// <summary>The parameter sets: those of a container's configuration record are added here.</summary>
    public H264ParameterSets ParameterSets => _sets;

    /// <summary>
    /// For live sources: a frame is output as soon as no frame before it is to be expected. Order is the same for streams whose
    /// picture order counts grow by one frame interval; others may come out of order once, then the sequencer waits longer.
    /// </summary>
    public bool LowLatency { get => _dpb.LowLatency; set => _dpb.LowLatency = value; }

    /// <summary>
    /// Whether no_output_of_prior_pics_flag drops frames that wait for output (C.4.4). Off: they are output, as FFmpeg does, since a
    /// player wants every frame that was decoded.
    /// </summary>
    public bool HonourNoOutputOfPriorPics { get; set; }

    /// <summary>Whatever the caller wants to know again in <see cref="H264PictureInfo.Tag"/>: number or time of the access unit fed next.</summary>
    public long Tag { get; set; }

    /// <summary>Told why a NAL unit or picture was refused.</summary>
    public Action<string>? Failed { get; set; }

    /// <summary>NAL units and pictures refused so far.</summary>
    public int Refused { get; private set; }

    /// <summary>The active sequence parameter set.</summary>
    public H264Sps? ActiveSps => _sps;

    /// <summary>
    /// Frames that are to be waited for at most before output begins, for latency: num_reorder_frames where the stream tells, else the DPB size; 0 before the first picture.
    /// </summary>
    public int ReorderFrames => _sps == null ? 0 : OutputDepth(_sps, DpbSize(_sps));

    /// <summary>A request failed: what follows counts as damaged up to the next random access point.</summary>
    public void MarkDamaged() => _damaged = true;

    /// <summary>Takes Annex B data.</summary>
    /// <param name="annexB">NAL units with start codes; whole units.</param>
    /// <param name="endsPicture">The data ends with the last slice of a picture: true for access units, false when more slices of the last picture may follow.</param>
    public void DecodeAccessUnit(ReadOnlySpan<byte> annexB, bool endsPicture = true)
    {
        int position = 0;
        _rangeStart = -1;
        while (H264NalUnits.TryNext(annexB, ref position, out int start, out int length))
        {
            ReadOnlySpan<byte> nal = annexB.Slice(start, length);
            switch (H264NalUnits.Type(nal))
            {
                case H264NalUnitType.Slice or H264NalUnitType.PartitionA or H264NalUnitType.IdrSlice:
                    OnSlice(annexB, start, length);
                    break;
                case H264NalUnitType.PartitionB or H264NalUnitType.PartitionC:
                    if (_active)
                        Extend(annexB, start, length);
                    break;
                case H264NalUnitType.Sei:
                    _boundary = true;
                    OnSei(nal);
                    break;
                case H264NalUnitType.Sps or H264NalUnitType.Pps:
                    _boundary = true;
                    if (!_sets.Add(nal, out H264ParseError error))
                        Refuse($"parameter set: {error}");
                    break;
                case H264NalUnitType.AccessUnitDelimiter:
                    EndPicture(annexB);
                    break;
                case H264NalUnitType.EndOfSequence or H264NalUnitType.EndOfStream:
                    EndPicture(annexB);
                    break;
            }
        }
        if (endsPicture)
            EndPicture(annexB);
        else if (_rangeStart >= 0)
            Carry(annexB[_rangeStart.._rangeEnd]);
        _rangeStart = -1;
    }

    /// <summary>Ends the picture, outputs everything that waits and forgets the references; decoding goes on with the next IDR picture or start point.</summary>
    public void Drain()
    {
        EndPicture(default);
        _dpb.Complete();
        _dpb.Flush(output: true);
        Restart();
    }

    /// <summary>Drops everything without output, as a seek does. Parameter sets stay.</summary>
    public void Reset()
    {
        _active = false;
        _carriedSize = 0;
        _rangeStart = -1;
        _dpb.Complete(output: false);
        _dpb.Flush(output: false);
        Restart();
    }

    /// <summary>Gives all pictures back.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        Reset();
        _disposed = true;
        NativeMemory.Free(_controls->PictureParameters);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_first);
        NativeMemory.Free(_slice);
        NativeMemory.Free(_carried);
    }

    private void Restart()
    {
        _started = false;
        _damaged = false;
        _recovering = false;
        _cleanFrom = int.MinValue;
        _dpb.OutputOpen = false;
        _order.Reset();
        _pendingSei.Clear();
        _boundary = false;
    }

    private void OnSei(ReadOnlySpan<byte> nal)
    {
        if (_sei.Length < nal.Length)
            _sei = new byte[nal.Length + nal.Length / 2];
        int size = H264NalUnits.Unescape(nal, _sei);
        // A damaged message is no reason to refuse anything.
        H264SeiParser.TryParse(_sei.AsSpan(0, size), _pendingSei, out _);
    }

    private void OnSlice(ReadOnlySpan<byte> data, int start, int length)
    {
        int size = H264NalUnits.Unescape(data.Slice(start, length), _unescaped);
        ReadOnlySpan<byte> nal = _unescaped.AsSpan(0, size);
        if (!H264SliceHeaderParser.TryReadPpsId(nal, out _, out int ppsId))
        {
            Refuse("slice header: cut off");
            return;
        }
        if (!_sets.TryGetPps(ppsId, out H264Pps? pps, out H264ParseError error))
        {
            Refuse($"picture parameter set {ppsId}: {error}");
            _damaged |= _started;
            return;
        }
        if (!H264SliceHeaderParser.TryParse(nal, pps.Sps.Control, pps.Parameters, out *_slice, out error))
        {
            Refuse($"slice header: {error}");
            _damaged |= _started;
            return;
        }
        // Redundant slices repeat a primary picture and never begin one (7.4.1.2.5).
        bool begins = !_active || (_slice->RedundantPicCnt == 0 && BeginsPicture());
        if (begins && _slice->RedundantPicCnt != 0)
            return;
        if (begins)
        {
            EndPicture(data);
            *_first = *_slice;
            _active = true;
            StartPicture(pps);
        }
        _boundary = false;
        if (_ignored)
            return;
        Extend(data, start, length);
        _dpb.Current!.Info.SliceTypes |= 1 << (int)_slice->SliceType;
        for (int i = 0; i < _usedCount; i++)
        {
            if (_used[i].Id == pps.Id)
                return;
        }
        if (_usedCount < _used.Length)
            _used[_usedCount++] = pps;
    }

    private void Extend(ReadOnlySpan<byte> data, int start, int length)
    {
        if (_ignored)
            return;
        if (_rangeStart < 0)
            _rangeStart = start >= 4 && data[start - 4] == 0 ? start - 4 : start - 3;
        _rangeEnd = start + length;
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (_carriedCapacity - _carriedSize < bytes.Length)
        {
            _carriedCapacity = _carriedSize + bytes.Length + 65536;
            _carried = (byte*)NativeMemory.Realloc(_carried, (nuint)_carriedCapacity);
        }
        bytes.CopyTo(new Span<byte>(_carried + _carriedSize, bytes.Length));
        _carriedSize += bytes.Length;
    }

    // First VCL NAL unit of a primary coded picture (7.4.1.2.4). A picture parameter set of its own is left out: where it matters one of
    // the others differs too, and slices of one picture with different sets exist.
    private bool BeginsPicture()
    {
        H264SliceHeader* a = _first;
        H264SliceHeader* b = _slice;
        bool idrA = a->NalUnitType == 5, idrB = b->NalUnitType == 5;
        return a->FrameNum != b->FrameNum
            || a->FieldPic != b->FieldPic || a->BottomField != b->BottomField
            || (a->NalRefIdc == 0) != (b->NalRefIdc == 0)
            || a->PicOrderCntLsb != b->PicOrderCntLsb || a->DeltaPicOrderCntBottom != b->DeltaPicOrderCntBottom
            || a->DeltaPicOrderCnt0 != b->DeltaPicOrderCnt0 || a->DeltaPicOrderCnt1 != b->DeltaPicOrderCnt1
            || idrA != idrB || (idrA && a->IdrPicId != b->IdrPicId)
            // NAL units that only stand before a picture (7.4.1.2.3) decide between pictures that look alike.
            || (_boundary && b->FirstMbInSlice == 0 && b->ColourPlaneId == a->ColourPlaneId);
    }

    private void Refuse(string reason)
    {
        Refused++;
        Failed?.Invoke(reason);
    }
}
