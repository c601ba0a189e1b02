// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>
/// Turns OBUs into requests and outputs: headers, tile groups, the eight reference slots, layers and show_existing_frame. Never throws on bad data.
/// </summary>
/// <typeparam name="T">The client's picture.</typeparam>
public sealed unsafe partial class Av1PictureSequencer<T> : IDisposable where T : class
{
    private sealed class Slot
    {
        public T? Picture;
        public bool Damaged;
        public readonly Av1FrameInfo Info = new();
    }

    private readonly IAv1PictureClient<T> _client;
    private readonly Av1HeaderParser _parser = new();
    private readonly Av1FrameHeader _header = new();
    private readonly Slot[] _slots = new Slot[Av1FrameHeader.Slots];
    private readonly T[] _references = new T[Av1FrameHeader.Slots];
    private readonly Av1FrameInfo _info = new();
    private readonly Av1FrameInfo _heldInfo = new();
    private Av1RequestControls* _controls;
    private List<Av1T35>? _t35;
    private Av1ContentLightLevel? _contentLight;
    private Av1MasteringDisplay? _mastering;
    private T? _held;
    private T? _picture;
    // A frame header was parsed and not all of its tiles have come.
    private bool _active;
    private byte[] _headerBytes = new byte[256];
    private int _headerSize;
    private int _nextTile;
    private bool _tilesMissing;
    private int _rangeStart = -1;
    private int _rangeEnd;
    private byte* _carried;
    private int _carriedSize;
    private int _carriedCapacity;
    private int _idc;
    // Payload of the sequence header in force.
    private byte[] _sequenceBytes = [];

    /// <summary>Starts without any state.</summary>
    public Av1PictureSequencer(IAv1PictureClient<T> client)
    {
        _client = client;
        for (int i = 0; i < _slots.Length; i++)
            _slots[i] = new Slot();
        _controls = (Av1RequestControls*)NativeMemory.AllocZeroed((nuint)sizeof(Av1RequestControls));
        _controls->TileGroupEntries = (V4L2CtrlAv1TileGroupEntry*)NativeMemory.AllocZeroed(V4L2CtrlAv1TileGroupEntry.MaxTiles, (nuint)sizeof(V4L2CtrlAv1TileGroupEntry));
    }

    /// <summary>Operating point to decode (choose_operating_point, spec 6.4.1): 0 is the best one; one that a sequence does not have means 0. Comes into force with a sequence header.</summary>
    public int OperatingPoint { get; set; }
    /// <summary>Output every shown frame; false: of a temporal unit with several spatial layers only the highest (spec 7.18.1).</summary>
    public bool AllLayers { get; set; }
    /// <summary>Leave film grain on; false: pictures without it.</summary>
    public bool ApplyGrain { get; set; } = true;
    /// <summary>Marks the frames of the data that is fed.</summary>
    public long Tag { get; set; }
    /// <summary>OBUs and frames that were refused.</summary>
    public int Refused { get; private set; }
    /// <summary>Told about each of them.</summary>
    public Action<string>? Failed { get; set; }
    /// <summary>The operating point has several spatial layers: a picture may wait for that of a higher one.</summary>
    public bool HasSpatialLayers => !AllLayers && _idc >> 9 != 0;
    /// <summary>The sequence header in force.</summary>
    public Av1SequenceHeader? Sequence => _parser.Sequence;

    /// <summary>Takes OBUs in low overhead format; the data is not kept.</summary>
    /// <param name="obus">A temporal unit, a frame or single OBUs.</param>
    /// <param name="endsTemporalUnit">Nothing of this temporal unit follows.</param>
    public void Decode(ReadOnlySpan<byte> obus, bool endsTemporalUnit = true)
    {
        _rangeStart = -1;
        var reader = new Av1ObuReader(obus);
        while (reader.TryRead(out Av1Obu obu))
        {
            if (!obu.IsDropped(_idc))
                Handle(obus, obu);
        }
        if (reader.Corrupt)
            Refuse("an OBU is cut off or has a forbidden bit");
        if (endsTemporalUnit)
        {
            EndFrame(obus);
            OutputHeld();
        }
        else if (_active && _rangeStart >= 0)
            Carry(obus[_rangeStart.._rangeEnd]);
        _rangeStart = -1;
    }

    /// <summary>End of stream: ends the frame and outputs what waits.</summary>
    public void Drain()
    {
        EndFrame(default);
        OutputHeld();
    }

    /// <summary>Forgets everything but the sequence header, as a seek does.</summary>
    public void Reset()
    {
        _active = false;
        Drop(ref _picture);
        Drop(ref _held);
        EmptySlots();
        _carriedSize = 0;
        _t35 = null;
    }

    /// <summary>Another stream: the sequence header is not its.</summary>
    public void ForgetSequence()
    {
        Reset();
        _parser.Sequence = null;
        _contentLight = null;
        _mastering = null;
        _idc = 0;
    }

    /// <summary>Gives all pictures back.</summary>
    public void Dispose()
    {
        if (_controls == null)
            return;
        Reset();
        NativeMemory.Free(_controls->TileGroupEntries);
        NativeMemory.Free(_controls);
        NativeMemory.Free(_carried);
        _controls = null;
        _carried = null;
    }

    /// <summary>Whether a picture that was fed with this <see cref="Tag"/> may still be output.</summary>
    public bool IsPending(long tag) => (_held != null && _heldInfo.Tag == tag) || (_active && _info.Tag == tag && _info.Shown);

    private void Handle(ReadOnlySpan<byte> data, in Av1Obu obu)
    {
        ReadOnlySpan<byte> payload = data.Slice(obu.PayloadOffset, obu.PayloadSize);
        switch (obu.Type)
        {
            case Av1ObuType.SequenceHeader:
                TakeSequence(data, payload);
                break;
            case Av1ObuType.TemporalDelimiter:
                EndFrame(data);
                OutputHeld();
                _t35 = null;
                break;
            case Av1ObuType.FrameHeader:
                // A second one with the same content is a copy (spec 5.9.1).
                if (_active && payload.SequenceEqual(_headerBytes.AsSpan(0, _headerSize)))
                    break;
                EndFrame(data);
                StartFrame(payload, obu, out _);
                break;
            case Av1ObuType.Frame:
                EndFrame(data);
                if (StartFrame(payload, obu, out int bits) && _active)
                {
                    int header = (bits + 7) >> 3;
                    TakeTiles(data, obu.PayloadOffset + header, obu.EndOffset);
                }
                break;
            case Av1ObuType.TileGroup:
                if (_active)
                    TakeTiles(data, obu.PayloadOffset, obu.EndOffset);
                break;
            case Av1ObuType.Metadata:
                TakeMetadata(payload);
                break;
            case Av1ObuType.TileList:
                Refuse("tile list OBUs are not decoded");
                break;
        }
    }

    private void TakeSequence(ReadOnlySpan<byte> data, ReadOnlySpan<byte> payload)
    {
        EndFrame(data);
        // Most streams repeat it with every key frame.
        if (_parser.Sequence != null && payload.SequenceEqual(_sequenceBytes))
            return;
        if (!Av1HeaderParser.TryParseSequence(payload, out Av1SequenceHeader? sequence, out Av1ParseError error))
        {
            Refuse($"sequence header: {error}");
            return;
        }
        _sequenceBytes = payload.ToArray();
        if (_parser.Sequence is { } old && !old.SameSequence(sequence))
        {
            // A new coded video sequence begins with a key frame (spec 7.5): nothing of the old one is of use.
            OutputHeld();
            EmptySlots();
            _contentLight = null;
            _mastering = null;
        }
        _parser.Sequence = sequence;
        int point = OperatingPoint < sequence.OperatingPoints.Count && OperatingPoint >= 0 ? OperatingPoint : 0;
        _idc = sequence.OperatingPoints[point].Idc;
    }

    private bool StartFrame(ReadOnlySpan<byte> payload, in Av1Obu obu, out int bits)
    {
        Av1FrameHeader h = _header;
        if (!_parser.TryParseFrame(payload, obu.TemporalId, obu.SpatialId, h, out bits, out Av1ParseError error))
        {
            Refuse($"frame header: {error}");
            return false;
        }
        if (h.ShowExistingFrame)
        {
            ShowExisting();
            return true;
        }
        for (int i = 0; i < _slots.Length; i++)
        {
            if ((h.LostSlots >> i & 1) != 0)
                Store(_slots[i], null, _info, damaged: true);
        }
        FillInfo();
        _picture = _client.Begin(_info);
        _active = true;
        _nextTile = 0;
        _tilesMissing = false;
        _carriedSize = 0;
        _rangeStart = -1;
        _controls->TileGroupEntryCount = 0;
        if (_headerBytes.Length < payload.Length && obu.Type == Av1ObuType.FrameHeader)
            _headerBytes = new byte[payload.Length * 2];
        // Nothing equals a frame OBU's header.
        _headerSize = obu.Type == Av1ObuType.FrameHeader ? payload.Length : 0;
        payload[.._headerSize].CopyTo(_headerBytes);
        return true;
    }

    private void FillInfo()
    {
        Av1FrameHeader h = _header;
        _info.Geometry = h.Sequence.Geometry(h.UpscaledWidth, h.FrameHeight);
        _info.RenderWidth = h.RenderWidth;
        _info.RenderHeight = h.RenderHeight;
        _info.Sequence = h.Sequence;
        _info.FrameType = h.FrameType;
        _info.Shown = h.ShowFrame;
        _info.ShowExisting = false;
        _info.TemporalId = h.TemporalId;
        _info.SpatialId = h.SpatialId;
        _info.OrderHint = h.Control.OrderHint;
        _info.IsReference = h.RefreshFrameFlags != 0;
        _info.FramePresentationTime = h.FramePresentationTime;
        _info.HasGrain = ApplyGrain && (h.Grain.Flags & Av1FilmGrainFlags.ApplyGrain) != 0;
        _info.Tag = Tag;
        _info.ContentLightLevel = _contentLight;
        _info.MasteringDisplay = _mastering;
        _info.T35 = TakeT35(h.ShowFrame);
        bool damaged = false;
        for (int i = 0; i < 7 && !h.IsIntra; i++)
        {
            Slot slot = _slots[h.Control.RefFrameIdx[i]];
            damaged |= slot.Picture == null || slot.Damaged || (h.WrongFrameIds >> i & 1) != 0;
        }
        _info.Corrupted = damaged;
    }

    private IReadOnlyList<Av1T35> TakeT35(bool shown)
    {
        if (_t35 == null || !shown)
            return [];
        List<Av1T35> list = _t35;
        _t35 = null;
        return list;
    }

    private void ShowExisting()
    {
        Slot slot = _slots[_header.FrameToShowMapIdx];
        if (slot.Picture is not { } picture)
        {
            Refuse("a frame that was lost is to be shown");
            return;
        }
        _info.CopyFrom(slot.Info);
        _info.Shown = _info.ShowExisting = true;
        _info.Corrupted |= slot.Damaged;
        _info.TemporalId = _header.TemporalId;
        _info.SpatialId = _header.SpatialId;
        _info.FramePresentationTime = _header.FramePresentationTime;
        _info.Tag = Tag;
        _info.T35 = TakeT35(shown: true);
        Output(picture);
        if (_header.FrameType != Av1FrameType.Key)
            return;
        // Spec 7.21: the key frame begins a sequence now, all slots become it.
        _parser.State.LoadExisting(_header.FrameToShowMapIdx);
        bool damaged = slot.Damaged;
        foreach (Slot s in _slots)
            Store(s, picture, _info, damaged);
    }

    private void TakeTiles(ReadOnlySpan<byte> data, int start, int end)
    {
        if (start > end)
            return;
        int from = _rangeStart < 0 ? start : _rangeStart;
        if (end - from > int.MaxValue - _carriedSize)
        {
            Refuse("a frame is larger than 2 GiB");
            return;
        }
        int expected = _nextTile, before = _controls->TileGroupEntryCount;
        bool good = Av1HeaderParser.TryParseTileGroup(data[start..end], _header, _carriedSize + start - from, _controls->TileGroupEntries,
            ref _controls->TileGroupEntryCount, ref _nextTile, out Av1ParseError error);
        if (!good)
            Refuse($"tile group: {error}");
        int added = _controls->TileGroupEntryCount - before;
        _tilesMissing |= added != _nextTile - expected;
        if (added > 0)
        {
            _rangeStart = from;
            _rangeEnd = end;
        }
        if (_nextTile == _header.NumTiles)
            EndFrame(data);
    }

    private void EndFrame(ReadOnlySpan<byte> data)
    {
        if (!_active)
            return;
        _active = false;
        int start = _rangeStart;
        _rangeStart = -1;
        if (_controls->TileGroupEntryCount == 0)
        {
            Refuse("a frame has no tiles");
            Drop(ref _picture);
            return;
        }
        ReadOnlySpan<byte> bytes = start >= 0 ? data[start.._rangeEnd] : default;
        if (_carriedSize > 0)
        {
            Carry(bytes);
            bytes = new ReadOnlySpan<byte>(_carried, _carriedSize);
        }
        _carriedSize = 0;
        if (_tilesMissing || _nextTile != _header.NumTiles)
        {
            Refuse("tiles are missing");
            _info.Corrupted = true;
        }
        T? picture = _picture;
        _picture = null;
        bool good = picture != null && Submit(picture, bytes);
        _info.Corrupted |= !good;
        _parser.State.Update(_header);
        for (int i = 0; i < _slots.Length; i++)
        {
            if ((_header.RefreshFrameFlags >> i & 1) != 0)
                Store(_slots[i], picture, _info, _info.Corrupted);
        }
        if (picture == null)
            return;
        if (_header.ShowFrame)
            Output(picture);
        _client.Release(picture);
    }

    private bool Submit(T picture, ReadOnlySpan<byte> bytes)
    {
        Av1FrameHeader h = _header;
        Av1RequestControls* c = _controls;
        for (int i = 0; i < _slots.Length; i++)
            h.Control.ReferenceFrameTs[i] = _slots[i].Picture is { } kept ? _client.Timestamp(kept) : ulong.MaxValue;
        int count = 0;
        for (int i = 0; i < 7 && !h.IsIntra; i++)
        {
            if (_slots[h.Control.RefFrameIdx[i]].Picture is { } reference && Array.IndexOf(_references, reference, 0, count) < 0)
                _references[count++] = reference;
        }
        c->Sequence = h.Sequence.Control;
        c->Frame = h.Control;
        c->FilmGrain = h.Grain;
        if (!ApplyGrain)
            c->FilmGrain.Flags &= ~Av1FilmGrainFlags.ApplyGrain;
        c->Private = h.Private;
        Av1Request<T> request = new()
        {
            Picture = picture,
            Info = _info,
            Controls = c,
            Bitstream = bytes,
            References = _references.AsSpan(0, count),
        };
        bool good = _client.Submit(request);
        Array.Clear(_references, 0, count);
        return good;
    }

    // Spec 7.18.1: of several spatial layers the highest that is there.
    private void Output(T picture)
    {
        int highest = AllLayers || _idc >> 8 == 0 ? 0 : BitOperations.Log2((uint)_idc >> 8);
        if (highest > 0 && _info.SpatialId < highest)
        {
            _client.Use(picture);
            Drop(ref _held);
            _held = picture;
            _heldInfo.CopyFrom(_info);
            return;
        }
        Drop(ref _held);
        _client.Output(picture, _info);
    }

    private void OutputHeld()
    {
        if (_held == null)
            return;
        _client.Output(_held, _heldInfo);
        Drop(ref _held);
    }

    private void Store(Slot slot, T? picture, Av1FrameInfo info, bool damaged)
    {
        if (picture != null)
            _client.Use(picture);
        Drop(ref slot.Picture);
        slot.Picture = picture;
        slot.Damaged = damaged;
        slot.Info.CopyFrom(info);
    }

    private void EmptySlots()
    {
        foreach (Slot slot in _slots)
        {
            Drop(ref slot.Picture);
            slot.Damaged = false;
        }
        _parser.State.Reset();
    }

    private void Drop(ref T? picture)
    {
        T? dropped = picture;
        picture = null;
        if (dropped != null)
            _client.Release(dropped);
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        if (_carriedCapacity - _carriedSize < bytes.Length)
        {
            _carriedCapacity = (int)Math.Min(int.MaxValue, (_carriedSize + (long)bytes.Length) * 2);
            _carried = (byte*)NativeMemory.Realloc(_carried, (nuint)_carriedCapacity);
        }
        bytes.CopyTo(new Span<byte>(_carried + _carriedSize, bytes.Length));
        _carriedSize += bytes.Length;
    }

    private void Refuse(string reason)
    {
        Refused++;
        Failed?.Invoke(reason);
    }
}
