// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;

namespace Daedalus.Daemon;

/// <summary>Counters of one moment. Latency: milliseconds from taking a frame to giving it back, of the last frames.</summary>
internal readonly record struct StreamCounters(long Frames, long Errors, long Corrupted, long Bytes, double FramesPerSecond, double LatencyP50, double LatencyP95, double LatencyP99);

/// <summary>Counters of a stream and the latency of its last frames. Thread-safe.</summary>
internal sealed class StreamStatistics
{
    private const int Window = 512;

    private readonly long[] _latencies = new long[Window];
    private readonly long[] _times = new long[Window];
    private readonly long[] _sorted = new long[Window];
    private readonly Lock _lock = new();
    private long _frames, _errors, _corrupted, _bytes, _framesBefore, _since = Stopwatch.GetTimestamp();

    public void Add(long taken, int status, bool corrupted, uint bytes) => Add(taken, Stopwatch.GetTimestamp(), status, corrupted, bytes);

    internal void Add(long taken, long now, int status, bool corrupted, uint bytes)
    {
        lock (_lock)
        {
            _latencies[(int)(_frames % Window)] = now - taken;
            _times[(int)(_frames % Window)] = now;
            _frames++;
            _bytes += bytes;
            if (status != 0)
                _errors++;
            else if (corrupted)
                _corrupted++;
        }
    }

    /// <summary>Frames a second over the last two seconds, or over what the window holds of them.</summary>
    public StreamCounters Read() => Read(Stopwatch.GetTimestamp());

    internal StreamCounters Read(long now)
    {
        lock (_lock)
        {
            int count = Sort();
            long oldest = now - 2 * Stopwatch.Frequency;
            int recent = 0;
            while (recent < count && _times[(int)((_frames - 1 - recent) % Window)] > oldest)
                recent++;
            // A full window is shorter than the time: its first frame only marks its beginning.
            double seconds = 2;
            if (recent == Window)
                seconds = Math.Max(1e-6, (double)(now - _times[(int)((_frames - recent--) % Window)]) / Stopwatch.Frequency);
            return new StreamCounters(_frames, _errors, _corrupted, _bytes, recent / seconds, Percentile(count, 50), Percentile(count, 95), Percentile(count, 99));
        }
    }

    /// <summary>One line; frames per second since the line before.</summary>
    public string Report()
    {
        lock (_lock)
        {
            int count = Sort();
            long now = Stopwatch.GetTimestamp();
            double seconds = Math.Max(1e-3, (double)(now - _since) / Stopwatch.Frequency);
            double fps = (_frames - _framesBefore) / seconds;
            (_since, _framesBefore) = (now, _frames);
            return string.Create(CultureInfo.InvariantCulture,
                $"frames={_frames} fps={fps:F1} errors={_errors} corrupted={_corrupted} bytes={_bytes} latency_ms_p50={Percentile(count, 50):F2} p95={Percentile(count, 95):F2} p99={Percentile(count, 99):F2}");
        }
    }

    private int Sort()
    {
        int count = (int)Math.Min(_frames, Window);
        Array.Copy(_latencies, _sorted, count);
        Array.Sort(_sorted, 0, count);
        return count;
    }

    private double Percentile(int count, int percent) => count == 0 ? 0 : _sorted[Math.Min(count - 1, count * percent / 100)] * 1e3 / Stopwatch.Frequency;
}
