// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;

namespace Daedalus.Engine.Tests.H264;

/// <summary>Arithmetic encoder by the flow charts of spec 9.3.4 (figures 9-34 to 9-39).</summary>
internal sealed class CabacWriter
{
    private readonly BitWriter _bits;
    private uint _low, _range = 510;
    private int _outstanding;
    private bool _first = true;

    public CabacWriter(BitWriter bits) => _bits = bits;

    /// <summary>EncodeDecision; the state as (pStateIdx, valMPS).</summary>
    public void Decision(ref (int State, int Mps) context, int bin)
    {
        uint lps = H264CabacTables.RangeLps[context.State * 4 + (int)((_range >> 6) & 3)];
        _range -= lps;
        if (bin != context.Mps)
        {
            _low += _range;
            _range = lps;
            if (context.State == 0)
                context.Mps = 1 - context.Mps;
            context.State = H264CabacTables.NextLps[context.State];
        }
        else
        {
            context.State = Math.Min(context.State + 1, 62);
        }
        Renormalise();
    }

    public void Bypass(int bin)
    {
        _low <<= 1;
        if (bin != 0)
            _low += _range;
        if (_low >= 1024)
        {
            Put(1);
            _low -= 1024;
        }
        else if (_low < 512)
        {
            Put(0);
        }
        else
        {
            _low -= 512;
            _outstanding++;
        }
    }

    /// <summary>EncodeTerminate; the flush leaves the stop bit written.</summary>
    public void Terminate(bool end)
    {
        _range -= 2;
        if (!end)
        {
            Renormalise();
            return;
        }
        _low += _range;
        _range = 2;
        Renormalise();
        Put((int)(_low >> 9) & 1);
        _bits.U(2, ((_low >> 7) & 3) | 1);
    }

    private void Renormalise()
    {
        while (_range < 256)
        {
            if (_low < 256)
            {
                Put(0);
            }
            else if (_low >= 512)
            {
                _low -= 512;
                Put(1);
            }
            else
            {
                _low -= 256;
                _outstanding++;
            }
            _range <<= 1;
            _low <<= 1;
        }
    }

    private void Put(int bit)
    {
        if (_first)
            _first = false;
        else
            _bits.U(1, (uint)bit);
        for (; _outstanding > 0; _outstanding--)
            _bits.U(1, (uint)(1 - bit));
    }
}
