// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>
/// From a request to what the stages decode: parameter sets, slices with their reference lists, slice group maps, references. Memory is kept over pictures.
/// </summary>
internal sealed unsafe class H264FrameSetup : IDisposable
{
    // Slices of one picture at most: one a macroblock in the largest picture of any level below 5, and the table index is 16 bits.
    private const int MaxSlices = 0xfff0;
    private const int TailBytes = 64;
    private const int WeightCount = 3 * 32 * 32;

    private readonly NativeBlock _states = new(), _references = new(), _macroblocks = new(), _slices = new(), _data = new(), _parameters = new(), _dequants = new(),
        _matrices = new(), _maps = new(), _groupIds = new(), _weights = new();
    private Picture _picture = null!;
    private byte* _bitstream;
    private int _size, _fields, _parameterCount, _dequantCount;

    /// <summary>1, or 3 with separate colour planes.</summary>
    public int PlaneCount { get; private set; }

    /// <summary>Slices to decode.</summary>
    public int SliceCount { get; private set; }

    /// <summary>The slice that made-up macroblocks belong to.</summary>
    public H264Slice* ConcealmentSlice => (H264Slice*)_slices.Pointer + SliceCount;

    /// <summary>Slices follow each other from top to bottom: rows can be reconstructed while later ones are still being decoded.</summary>
    public bool InOrder { get; private set; }

    /// <summary>Bit i: the motion of DPB entry i is read by direct prediction.</summary>
    public uint CoLocated { get; private set; }

    /// <summary>State of a plane (0 unless separate).</summary>
    public H264PictureState* State(int plane) => (H264PictureState*)_states.Pointer + plane;

    private DaedalusCtrlH264PictureParameters* Parameters => (DaedalusCtrlH264PictureParameters*)_parameters.Pointer;

    /// <summary>Copies the controls of a request (gate). The bitstream stays the caller's until the request is done.</summary>
    public void Begin(in H264Controls controls, Picture picture, int fields, byte* bitstream, int size)
    {
        _picture = picture;
        _fields = fields;
        _bitstream = bitstream;
        _size = size;
        SliceCount = 0;
        InOrder = true;
        CoLocated = 0;
        V4L2CtrlH264Sps* sps = controls.Sps;
        bool separate = (sps->Flags & H264SpsFlags.SeparateColourPlane) != 0;
        PlaneCount = separate ? 3 : 1;
        int width = picture.WidthInMbs, height = picture.SizeInMbs / width / (fields == 3 ? 1 : 2), count = width * height;
        _states.Reserve(3 * (nuint)sizeof(H264PictureState));
        _references.Reserve(3 * H264PictureState.ReferenceCount * (nuint)sizeof(H264ReferencePicture));
        _macroblocks.Reserve((nuint)(count * PlaneCount) * (nuint)sizeof(H264Macroblock));
        _slices.Reserve((nuint)sizeof(H264Slice));
        CopyParameters(controls);

        for (int i = 0; i < PlaneCount; i++)
        {
            H264PictureState* s = State(i);
            *s = default;
            s->Sps = *sps;
            s->Params = *controls.Params;
            s->WidthInMbs = width;
            s->HeightInMbs = height;
            s->IsField = fields != 3;
            s->IsBottom = fields == 2;
            s->IsMbaff = fields == 3 && (sps->Flags & (H264SpsFlags.MbAdaptiveFrameField | H264SpsFlags.FrameMbsOnly)) == H264SpsFlags.MbAdaptiveFrameField;
            s->ChromaArrayType = separate ? 0 : sps->ChromaFormatIdc;
            s->ColourPlane = separate ? i : 0;
            s->BitDepth = picture.View.BitDepth;
            s->TopPoc = controls.Params->TopFieldOrderCnt;
            s->BottomPoc = controls.Params->BottomFieldOrderCnt;
            s->Poc = fields == 1 ? s->TopPoc : fields == 2 ? s->BottomPoc : Math.Min(s->TopPoc, s->BottomPoc);
            s->Picture = View(picture.View, separate ? i : -1, fields);
            s->LineStep = fields == 3 ? 1 : 2;
            s->Macroblocks = (H264Macroblock*)_macroblocks.Pointer + i * count;
            s->Motion = (H264Motion*)picture.Motion!.Memory.Pointer + i * picture.SizeInMbs + (fields == 2 ? picture.SizeInMbs / 2 : 0);
            s->References = (H264ReferencePicture*)_references.Pointer + i * H264PictureState.ReferenceCount;
            for (int m = 0; m < count; m++)
                s->Macroblocks[m].Slice = H264Macroblock.NoSlice;
        }
    }

    /// <summary>
    /// Finds and parses the slices of the request. False when something of it cannot be used; what can is there nevertheless. May throw OutOfMemoryException.
    /// </summary>
    /// <param name="found">Pictures of the DPB entries.</param>
    public bool ReadSlices(ReadOnlySpan<Picture?> found)
    {
        H264PictureState* s = State(0);
        for (int i = 0; i < PlaneCount; i++)
            FillReferences(State(i), found, PlaneCount == 1 ? -1 : i);

        var bitstream = new ReadOnlySpan<byte>(_bitstream, _size);
        int units = 0;
        for (int at = 0; H264NalUnits.TryNext(bitstream, ref at, out _, out _);)
            units++;
        _data.Reserve((nuint)_size + (nuint)units * (TailBytes + 8));
        int most = Math.Min(units, MaxSlices);
        if ((nuint)(most + 1) * (nuint)sizeof(H264Slice) > _slices.Size)
            _slices.Reserve((nuint)(most + 1) * 5 / 4 * (nuint)sizeof(H264Slice));
        var slices = (H264Slice*)_slices.Pointer;
        byte* to = _data.Pointer;
        bool whole = true;
        for (int at = 0; H264NalUnits.TryNext(bitstream, ref at, out int start, out int length);)
        {
            int type = length == 0 ? 0 : bitstream[start] & 31;
            if (type is not (>= 1 and <= 5))
                continue;
            int size = H264NalUnits.Unescape(bitstream.Slice(start, length), new Span<byte>(to, length));
            NativeMemory.Clear(to + size, TailBytes);
            whole &= type is 3 or 4 ? AttachPartition(to, size) : SliceCount < MaxSlices && AddSlice(slices + SliceCount, to, size);
            to += (size + TailBytes + 7) & ~7;
        }

        int previous = -1;
        for (int i = 0; i < SliceCount; i++)
        {
            InOrder &= slices[i].FirstMb > previous && slices[i].SliceGroupMap == null && slices[i].Header.RedundantPicCnt == 0 && PlaneCount == 1;
            previous = slices[i].FirstMb;
        }
        BuildWeights(slices);
        SetConcealmentSlice(found);
        for (int i = 0; i < PlaneCount; i++)
        {
            State(i)->Slices = slices;
            State(i)->SliceCount = SliceCount + 1;
            State(i)->HasInter = s->HasInter;
        }
        return whole && SliceCount != 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBlock block in (ReadOnlySpan<NativeBlock>)[_states, _references, _macroblocks, _slices, _data, _parameters, _dequants, _matrices, _maps, _groupIds, _weights])
            block.Dispose();
    }

    private void CopyParameters(in H264Controls controls)
    {
        _parameterCount = Math.Max(controls.ParameterCount, 1);
        _parameters.Reserve((nuint)_parameterCount * (nuint)sizeof(DaedalusCtrlH264PictureParameters));
        if (controls.Parameters == null)
        {
            *Parameters = default;
            Parameters->Pps = *controls.Pps;
            Parameters->Pps.NumSliceGroupsMinus1 = 0; // no map without the private control
            if (controls.ScalingMatrix != null && (controls.Pps->Flags & H264PpsFlags.ScalingMatrixPresent) != 0)
                Parameters->ScalingMatrix = *controls.ScalingMatrix;
            else
                H264Scaling.SetFlat(&Parameters->ScalingMatrix);
        }
        else
        {
            NativeMemory.Copy(controls.Parameters, Parameters, (nuint)_parameterCount * (nuint)sizeof(DaedalusCtrlH264PictureParameters));
            CopyGroupIds();
        }

        // Scaled levels: made again only where the lists have changed since the last picture.
        int knownCount = _dequantCount;
        _dequantCount = 0; // should there be no memory
        bool grown = _dequants.Reserve((nuint)_parameterCount * (nuint)sizeof(H264Dequant)) | _matrices.Reserve((nuint)_parameterCount * (nuint)sizeof(V4L2CtrlH264ScalingMatrix));
        if (grown)
            knownCount = 0;
        for (int i = 0; i < _parameterCount; i++)
        {
            V4L2CtrlH264ScalingMatrix* known = (V4L2CtrlH264ScalingMatrix*)_matrices.Pointer + i, wanted = &Parameters[i].ScalingMatrix;
            if (i < knownCount && new ReadOnlySpan<byte>(known, sizeof(V4L2CtrlH264ScalingMatrix)).SequenceEqual(new ReadOnlySpan<byte>(wanted, sizeof(V4L2CtrlH264ScalingMatrix))))
                continue;
            *known = *wanted;
            H264Scaling.Fill((H264Dequant*)_dequants.Pointer + i, *wanted);
        }
        _dequantCount = _parameterCount;
    }

    // Explicit maps are readable during the submission only.
    private void CopyGroupIds()
    {
        nuint bytes = 0;
        for (int i = 0; i < _parameterCount; i++)
        {
            DaedalusCtrlH264PictureParameters* p = Parameters + i;
            if (p->Pps.NumSliceGroupsMinus1 == 0 || p->SliceGroupMapType != 6 || p->SliceGroupId == 0 || p->MapUnits > DaedalusCtrlH264PictureParameters.MaxMapUnits)
                p->MapUnits = 0;
            bytes += p->MapUnits;
        }
        _groupIds.Reserve(bytes);
        byte* to = _groupIds.Pointer;
        for (int i = 0; i < _parameterCount; i++)
        {
            DaedalusCtrlH264PictureParameters* p = Parameters + i;
            if (p->MapUnits != 0)
                NativeMemory.Copy((void*)p->SliceGroupId, to, p->MapUnits);
            p->SliceGroupId = (ulong)to;
            to += p->MapUnits;
        }
    }

    private bool AddSlice(H264Slice* slice, byte* data, int size)
    {
        H264PictureState* s = State(0);
        var nal = new ReadOnlySpan<byte>(data, Math.Min(size, H264SliceHeaderParser.MaxHeaderBytes));
        if (!H264SliceHeaderParser.TryReadPpsId(nal, out _, out int id))
            return false;
        DaedalusCtrlH264PictureParameters* pps = null;
        int index = 0;
        for (; index < _parameterCount; index++)
        {
            // One set alone stands for all: the caller knows no other.
            if (Parameters[index].Pps.PicParameterSetId == id || _parameterCount == 1)
            {
                pps = Parameters + index;
                break;
            }
        }
        if (pps == null || !H264Controls.IsValidPps(pps, s->BitDepth) || !H264SliceHeaderParser.TryParse(nal, s->Sps, *pps, out H264SliceHeader header, out _))
            return false;
        int count = s->WidthInMbs * s->HeightInMbs, first = header.FirstMbInSlice * (s->IsMbaff ? 2 : 1);
        if (header.FieldPic != s->IsField || header.BottomField != s->IsBottom || first >= count || header.ColourPlaneId >= PlaneCount)
            return false;

        *slice = default;
        slice->Header = header;
        slice->Index = SliceCount;
        slice->FirstMb = first;
        slice->Data = data;
        slice->Size = size;
        slice->DataBit = header.HeaderBitSize;
        slice->Pps = pps;
        slice->Dequant = (H264Dequant*)_dequants.Pointer + index;
        slice->SliceGroupMap = pps->Pps.NumSliceGroupsMinus1 != 0 ? GroupMap(index, header) : null;
        if (header.NumRefIdxActive0 != 0)
        {
            s->HasInter = true;
            BuildLists(s, slice);
        }
        SliceCount++;
        return true;
    }

    private byte* GroupMap(int index, in H264SliceHeader header)
    {
        H264PictureState* s = State(0);
        // Map and scratch of each parameter set; MBAFF maps are over pairs.
        nuint mapBytes = (nuint)_picture.SizeInMbs;
        if (_maps.Size < 2 * mapBytes * (nuint)_parameterCount)
        {
            // Maps of earlier slices move: they are filled again.
            _maps.Reserve(2 * mapBytes * (nuint)_parameterCount);
        }
        byte* map = _maps.Pointer + 2 * mapBytes * (nuint)index;
        var slices = (H264Slice*)_slices.Pointer;
        // The change cycle is the same in all slices of a picture (spec 7.4.3): the first slice of a set fills its map.
        for (int i = 0; i < SliceCount; i++)
        {
            if (slices[i].SliceGroupMap == map)
                return map;
        }
        H264SliceGroups.Fill(map, map + mapBytes, s->Sps, Parameters + index, s->IsField, s->IsMbaff, header.SliceGroupChangeCycle);
        return map;
    }

    private void BuildLists(H264PictureState* s, H264Slice* slice)
    {
        V4L2H264ReferenceList list0 = default, list1 = default;
        H264ReferenceLists.Build(s->Params, s->Sps, slice->Header, (V4L2H264Reference*)&list0, (V4L2H264Reference*)&list1);
        for (int list = 0; list < 2; list++)
        {
            V4L2H264Reference* from = list == 0 ? (V4L2H264Reference*)&list0 : (V4L2H264Reference*)&list1;
            int active = list == 0 ? slice->Header.NumRefIdxActive0 : slice->Header.NumRefIdxActive1;
            for (int i = 0; i < 32; i++)
            {
                int at = i < active ? i : 0;
                int entry = active == 0 || from[at].Index >= H264Decoder.DpbSize ? H264Decoder.DpbSize * 3 : from[at].Index * 3;
                int field = s->IsField ? from[at].Fields == H264Fields.Bottom ? 2 : from[at].Fields == H264Fields.Top ? 1 : s->IsBottom ? 2 : 1 : 0;
                slice->RefList[list * 32 + i] = (byte)(entry + field);
            }
        }
        if (slice->Header.SliceType == H264SliceType.B && slice->RefList[32] < H264Decoder.DpbSize * 3)
            CoLocated |= 1u << (slice->RefList[32] / 3);
    }

    private bool AttachPartition(byte* data, int size)
    {
        var slices = (H264Slice*)_slices.Pointer;
        int type = data[0] & 31;
        var nal = new ReadOnlySpan<byte>(data, size);
        for (int i = SliceCount - 1; i >= 0; i--)
        {
            H264Slice* slice = slices + i;
            if (slice->Header.NalUnitType != 2 || !H264SliceHeaderParser.TryParsePartition(nal, State(0)->Sps, *slice->Pps, out H264PartitionHeader header, out _)
                || header.SliceId != slice->Header.SliceId || header.ColourPlaneId != slice->Header.ColourPlaneId || header.RedundantPicCnt != slice->Header.RedundantPicCnt)
                continue;
            if (type == 3)
            {
                slice->DataB = data;
                slice->SizeB = size;
                slice->DataBitB = header.HeaderBitSize;
            }
            else
            {
                slice->DataC = data;
                slice->SizeC = size;
                slice->DataBitC = header.HeaderBitSize;
            }
            return true;
        }
        return false;
    }

    private void BuildWeights(H264Slice* slices)
    {
        int tables = 0;
        for (int i = 0; i < SliceCount; i++)
            tables += slices[i].Header.SliceType == H264SliceType.B && slices[i].Pps->Pps.WeightedBipredIdc == 2 ? 1 : 0;
        if (tables == 0)
            return;
        _weights.Reserve((nuint)tables * WeightCount * sizeof(short));
        var table = (short*)_weights.Pointer;
        for (int i = 0; i < SliceCount; i++)
        {
            if (slices[i].Header.SliceType != H264SliceType.B || slices[i].Pps->Pps.WeightedBipredIdc != 2)
                continue;
            H264ImplicitWeights.Fill(State(0), slices + i, table);
            slices[i].ImplicitWeights = table;
            table += WeightCount;
        }
    }

    private void FillReferences(H264PictureState* s, ReadOnlySpan<Picture?> found, int plane)
    {
        for (int i = 0; i <= H264Decoder.DpbSize; i++)
        {
            Picture? picture = i < H264Decoder.DpbSize ? found[i] : null;
            bool missing = picture == null;
            // A stand-in, so that the picture keeps its content rather than turning grey.
            for (int j = 0; j < H264Decoder.DpbSize && picture == null; j++)
                picture = found[j] != _picture ? found[j] : null;
            V4L2H264DpbEntry entry = i < H264Decoder.DpbSize ? s->Params.Dpb[i] : default;
            for (int fields = 0; fields < 3; fields++)
            {
                H264ReferencePicture* r = s->References + i * 3 + fields;
                *r = default;
                // Within a frame the first field can be referenced, what is just being decoded cannot.
                bool itself = picture == _picture && fields != 3 - _fields;
                r->Fields = fields == 0 ? H264Fields.Frame : (H264Fields)fields;
                r->TopPoc = entry.TopFieldOrderCnt;
                r->BottomPoc = entry.BottomFieldOrderCnt;
                r->Poc = fields switch
                {
                    1 => r->TopPoc,
                    2 => r->BottomPoc,
                    _ => entry.Fields == H264Fields.Top ? r->TopPoc : entry.Fields == H264Fields.Bottom ? r->BottomPoc : Math.Min(r->TopPoc, r->BottomPoc),
                };
                r->IsLongTerm = (entry.Flags & H264DpbEntryFlags.LongTerm) != 0;
                r->IsMissing = missing || itself;
                // Missing ones differ from each other and from all that exist.
                r->Key = missing ? -((i + 2) * 4) + (int)r->Fields : picture!.Number * 4 + (int)r->Fields;
                if (picture == null)
                    continue;
                int stored = itself ? 3 - _fields : (int)r->Fields;
                r->View = View(picture.View, plane, stored);
                r->Progress = stored == 3 ? picture.ProgressCell : picture.FieldProgressCell(stored);
                if (missing || picture.Motion == null)
                    continue;
                r->MotionLayout = picture.IsFieldPair ? H264MotionLayout.Fields
                    : (s->Sps.Flags & H264SpsFlags.MbAdaptiveFrameField) != 0 ? H264MotionLayout.Mbaff : H264MotionLayout.Frame;
                r->Motion = (H264Motion*)picture.Motion.Memory.Pointer + Math.Max(plane, 0) * picture.SizeInMbs;
            }
        }
    }

    private void SetConcealmentSlice(ReadOnlySpan<Picture?> found)
    {
        H264PictureState* s = State(0);
        H264Slice* slice = ConcealmentSlice;
        *slice = default;
        slice->Index = SliceCount;
        slice->Header.SliceType = H264SliceType.P;
        slice->Header.DisableDeblockingFilterIdc = 1;
        slice->Pps = Parameters;
        slice->Dequant = (H264Dequant*)_dequants.Pointer;
        int best = -1;
        long distance = long.MaxValue;
        for (int i = 0; i < H264Decoder.DpbSize; i++)
        {
            if (found[i] == null)
                continue;
            // Within a frame the first field is nearest.
            long d = found[i] == _picture ? -1 : Math.Abs((long)s->References[i * 3].Poc - s->Poc);
            if (d >= distance)
                continue;
            best = i;
            distance = d;
        }
        if (best < 0)
            return;
        slice->Header.NumRefIdxActive0 = 1;
        int field = !s->IsField ? 0 : found[best] == _picture ? 3 - _fields : _fields;
        new Span<byte>(slice->RefList, 64).Fill((byte)(best * 3 + field));
        s->HasInter = true;
    }

    // A frame, or the lines of a field; of separate planes one as luma.
    private static PictureView View(in PictureView frame, int plane, int fields)
    {
        PictureView view = frame;
        if (plane >= 0)
        {
            view.Plane0 = frame.Plane(plane);
            view.StrideY = frame.Stride(plane);
            view.Plane1 = view.Plane2 = null;
        }
        if (fields == 3)
            return view;
        if (fields == 2)
        {
            view.Plane0 += view.StrideY;
            if (plane < 0)
            {
                view.Plane1 += view.StrideUv;
                view.Plane2 += view.StrideUv;
            }
        }
        view.StrideY *= 2;
        view.StrideUv *= 2;
        view.Height /= 2;
        return view;
    }
}
