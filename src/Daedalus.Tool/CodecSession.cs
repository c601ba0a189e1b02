// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;
using Daedalus.Bitstream.H264;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>How files are decoded.</summary>
/// <param name="Threads">Decoder threads.</param>
/// <param name="MaxInFlight">Requests in flight.</param>
/// <param name="PixelFormat">Asked for, or 0.</param>
/// <param name="AllLayers">VP9: output every shown frame of a superframe; AV1: every spatial layer.</param>
/// <param name="Notes">Describe pictures.</param>
/// <param name="Failed">Told about what was refused: access unit and reason.</param>
/// <param name="OperatingPoint">AV1: operating point to decode.</param>
/// <param name="ApplyGrain">AV1: film grain.</param>
internal sealed record SessionSettings(int Threads, int MaxInFlight, uint PixelFormat, bool AllLayers, bool Notes, Action<long, string>? Failed, int OperatingPoint = 0, bool ApplyGrain = true);

/// <summary>A codec's sequencer. One output is out at a time.</summary>
internal interface ICodecSession : IDisposable
{
    int Refused { get; }

    int QueuedOutputs { get; }

    void Decode(ReadOnlySpan<byte> accessUnit, bool endsPicture);

    void Drain();

    bool TryGetOutput(bool wait, out DecodedPicture output);

    void Release();
}

internal sealed class Vp9Session(IStatelessDevice device, SessionSettings settings) : ICodecSession
{
    private readonly Vp9Sequencer _sequencer = new(device, new Vp9SequencerOptions(settings.Threads, settings.MaxInFlight, settings.PixelFormat, settings.AllLayers, settings.Failed));
    private Vp9Output _output;

    public int Refused => _sequencer.Refused;

    public int QueuedOutputs => _sequencer.QueuedOutputs;

    public void Decode(ReadOnlySpan<byte> accessUnit, bool endsPicture) => _sequencer.Decode(accessUnit);

    public void Drain() => _sequencer.Drain();

    public bool TryGetOutput(bool wait, out DecodedPicture output)
    {
        bool got = _sequencer.TryGetOutput(wait, out _output);
        output = got ? DecodedPicture.From(_output) : default;
        return got;
    }

    public void Release() => _sequencer.Release(_output);

    public void Dispose() => _sequencer.Dispose();
}

internal sealed class H264Session(IStatelessDevice device, SessionSettings settings) : ICodecSession
{
    private readonly H264Sequencer _sequencer = new(device, new H264SequencerOptions(settings.Threads, settings.MaxInFlight, settings.PixelFormat, Failed: settings.Failed));
    private H264Output _output;

    public int Refused => _sequencer.Refused;

    public int QueuedOutputs => _sequencer.QueuedOutputs;

    public void Decode(ReadOnlySpan<byte> accessUnit, bool endsPicture) => _sequencer.Decode(accessUnit, endsPicture);

    public void Drain() => _sequencer.Drain();

    public bool TryGetOutput(bool wait, out DecodedPicture output)
    {
        bool got = _sequencer.TryGetOutput(wait, out _output);
        output = got ? DecodedPicture.From(_output, settings.Notes) : default;
        return got;
    }

    public void Release() => _sequencer.Release(_output);

    public void Dispose() => _sequencer.Dispose();
}

internal sealed class Av1Session(IStatelessDevice device, SessionSettings settings) : ICodecSession
{
    private readonly Av1Sequencer _sequencer = new(device,
        new Av1SequencerOptions(settings.Threads, settings.MaxInFlight, settings.PixelFormat, settings.OperatingPoint, settings.AllLayers, settings.ApplyGrain, settings.Failed));
    private Av1Output _output;

    public int Refused => _sequencer.Refused;

    public int QueuedOutputs => _sequencer.QueuedOutputs;

    public void Decode(ReadOnlySpan<byte> accessUnit, bool endsPicture) => _sequencer.Decode(accessUnit, endsPicture);

    public void Drain() => _sequencer.Drain();

    public bool TryGetOutput(bool wait, out DecodedPicture output)
    {
        bool got = _sequencer.TryGetOutput(wait, out _output);
        output = got ? DecodedPicture.From(_output) : default;
        return got;
    }

    public void Release() => _sequencer.Release(_output);

    public void Dispose() => _sequencer.Dispose();
}
