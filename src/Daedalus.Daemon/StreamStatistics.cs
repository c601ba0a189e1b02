// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;

namespace Daedalus.Daemon;

/// <summary>Counters of a stream and the latency, from taking a frame to giving it back, of its last frames. Thread-safe.</summary>
internal sealed class StreamStatistics
{
    private const int Window = 512;

    private readonly long[] _latencies = new long[Window];
    private readonly long[] _sorted = new long[Window];
    private readonly Lock _lock = new();
    private long _frames, _errors, _corrupted, _bytes, _framesBefore, _since = Stopwatch.GetTimestamp();

    public void Add(long taken, int status, bool corrupted, uint bytes)
    {
        long latency = Stopwatch.GetTimestamp() - taken;
        lock (_lock)
        {
            _latencies[(int)(_frames % Window)] = latency;
            _frames++;
            _bytes += bytes;
            if (status != 0)
                _errors++;
            else if (corrupted)
                _corrupted++;
        }
    }

    /// <summary>One line; frames per second since the line before.</summary>
    public string Report()
    {
        lock (_lock)
        {
            int count = (int)Math.Min(_frames, Window);
            Array.Copy(_latencies, _sorted, count);
            Array.Sort(_sorted, 0, count);
            long now = Stopwatch.GetTimestamp();
            double seconds = Math.Max(1e-3, (double)(now - _since) / Stopwatch.Frequency);
            double fps = (_frames - _framesBefore) / seconds;
            (_since, _framesBefore) = (now, _frames);
            return string.Create(CultureInfo.InvariantCulture,
                $"frames={_frames} fps={fps:F1} errors={_errors} corrupted={_corrupted} bytes={_bytes} latency_ms_p50={Percentile(count, 50):F2} p95={Percentile(count, 95):F2} p99={Percentile(count, 99):F2}");
        }
    }

    private double Percentile(int count, int percent) => count == 0 ? 0 : _sorted[Math.Min(count - 1, count * percent / 100)] * 1e3 / Stopwatch.Frequency;
}
