// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Engine.Pictures;

namespace Daedalus.Engine.Av1;

/// <content>What follows reconstruction: post filters, then grain and conversion to the caller's buffer.</content>
internal sealed unsafe partial class Av1FrameJob
{
    // Luma rows that grain is added to at a time when the result still has to be converted.
    private const int GrainRows = 64;

    // The rows taken by TakeFilter.
    private void FilterRows()
    {
        for (int row = _filterRow; row < _filteredTo && !Aborted; row++)
            FilterRow(row);
    }

    private void FilterRow(int row)
    {
        int rows = Math.Min(_postFilter.FilterRow(row), State->Height);
        Publish(row + 1 == State->SbRows ? State->Height : rows);
    }

    // Rows of the output that are final: grey chroma where none is coded, grain, conversion, and those who wait.
    private void Publish(int rows)
    {
        Av1FrameState* s = State;
        bool all = rows >= s->Height;
        if (s->NumPlanes == 1)
        {
            int to = all ? s->Height : rows & ~1;
            for (int plane = 1; plane < 3; plane++)
                FillGrey(s->Output, plane, _greyRows >> 1, (to + 1) >> 1);
            _greyRows = to;
        }
        if (_hasGrain)
            AddGrain(all ? s->Height : rows & ~31);
        else if (Conversion.IsNeeded)
            Convert(s->Output, all ? s->Height : rows & ~1);
        Picture!.Progress = all ? Picture.Complete : rows;
    }

    private void AddGrain(int end)
    {
        if (!Conversion.IsNeeded)
        {
            if (_grainedRows < end)
                _filmGrain!.Apply(State->Output, CaptureView, _grainedRows, end);
            _grainedRows = end;
            return;
        }
        while (_grainedRows < end)
        {
            int to = Math.Min(_grainedRows + GrainRows, end);
            PictureView strip = _strip;
            strip.Plane0 -= _grainedRows * strip.StrideY;
            strip.Plane1 -= (_grainedRows >> strip.SubsamplingY) * strip.StrideUv;
            strip.Plane2 -= (_grainedRows >> strip.SubsamplingY) * strip.StrideUv;
            _filmGrain!.Apply(State->Output, strip, _grainedRows, to);
            Convert(strip, to);
            _grainedRows = to;
        }
    }

    private void Convert(in PictureView view, int to)
    {
        Conversion.Convert(view, _convertedRows, to);
        _convertedRows = to;
    }

    private void ReserveStrip()
    {
        PictureView view = State->Output;
        nint chroma = view.StrideUv * (GrainRows >> view.SubsamplingY);
        _grainStrip.Reserve((nuint)(view.StrideY * GrainRows + 2 * chroma + PictureLayout.TailBytes));
        view.Plane0 = _grainStrip.Pointer;
        view.Plane1 = view.Plane0 + view.StrideY * GrainRows;
        view.Plane2 = view.Plane1 + chroma;
        _strip = view;
    }

    // Rows of a plane; plane 0: of luma, and all of chroma with them.
    private static void FillGrey(in PictureView view, int plane, int from, int to)
    {
        int width = plane == 0 ? view.Width : (view.Width + view.SubsamplingX) >> view.SubsamplingX;
        nint stride = view.Stride(plane);
        for (int y = from; y < to; y++)
        {
            byte* row = view.Plane(plane) + y * stride;
            if (view.BitDepth == 8)
                Unsafe.InitBlockUnaligned(row, 128, (uint)width);
            else
                new Span<ushort>(row, width).Fill((ushort)(1 << (view.BitDepth - 1)));
        }
        if (plane != 0)
            return;
        FillGrey(view, 1, 0, (view.Height + view.SubsamplingY) >> view.SubsamplingY);
        FillGrey(view, 2, 0, (view.Height + view.SubsamplingY) >> view.SubsamplingY);
    }
}
