// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Vp9;

/// <summary>One probability context (spec 10.5), the arrays in the order of the V4L2 compressed header control.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Vp9Probabilities
{
    /// <summary>coef_probs[tx size 4][plane type 2][is inter 2][band 6][context 6][3].</summary>
    public fixed byte Coef[4 * 2 * 2 * 6 * 6 * 3];
    /// <summary>tx_probs_8x8[2][1].</summary>
    public fixed byte Tx8[2];
    /// <summary>tx_probs_16x16[2][2].</summary>
    public fixed byte Tx16[4];
    /// <summary>tx_probs_32x32[2][3].</summary>
    public fixed byte Tx32[6];
    /// <summary>skip_prob[3].</summary>
    public fixed byte Skip[3];
    /// <summary>inter_mode_probs[7][3].</summary>
    public fixed byte InterMode[21];
    /// <summary>interp_filter_probs[4][2].</summary>
    public fixed byte InterpFilter[8];
    /// <summary>is_inter_prob[4].</summary>
    public fixed byte IsInter[4];
    /// <summary>comp_mode_prob[5].</summary>
    public fixed byte CompMode[5];
    /// <summary>single_ref_prob[5][2].</summary>
    public fixed byte SingleRef[10];
    /// <summary>comp_ref_prob[5].</summary>
    public fixed byte CompRef[5];
    /// <summary>y_mode_probs[4][9].</summary>
    public fixed byte YMode[36];
    /// <summary>uv_mode_probs[10][9].</summary>
    public fixed byte UvMode[90];
    /// <summary>partition_probs[16][3].</summary>
    public fixed byte Partition[48];
    /// <summary>mv_joint_probs[3].</summary>
    public fixed byte MvJoint[3];
    /// <summary>mv_sign_prob[2].</summary>
    public fixed byte MvSign[2];
    /// <summary>mv_class_probs[2][10].</summary>
    public fixed byte MvClass[20];
    /// <summary>mv_class0_bit_prob[2].</summary>
    public fixed byte MvClass0Bit[2];
    /// <summary>mv_bits_prob[2][10].</summary>
    public fixed byte MvBits[20];
    /// <summary>mv_class0_fr_probs[2][2][3].</summary>
    public fixed byte MvClass0Fr[12];
    /// <summary>mv_fr_probs[2][3].</summary>
    public fixed byte MvFr[6];
    /// <summary>mv_class0_hp_prob[2].</summary>
    public fixed byte MvClass0Hp[2];
    /// <summary>mv_hp_prob[2].</summary>
    public fixed byte MvHp[2];
}

/// <summary>Symbol counts of one frame or tile (spec 8.4.2); all fields are uint, so that counts of tiles add up as one array.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Vp9Counts
{
    /// <summary>[tx 4][plane 2][is inter 2][band 6][context 6][zero, one, two or more, end of block].</summary>
    public fixed uint Coef[4 * 2 * 2 * 6 * 6 * 4];
    /// <summary>How often more_coefs was read, same index without the last.</summary>
    public fixed uint EobBranch[4 * 2 * 2 * 6 * 6];
    /// <summary>[2][2].</summary>
    public fixed uint Tx8[4];
    /// <summary>[2][3].</summary>
    public fixed uint Tx16[6];
    /// <summary>[2][4].</summary>
    public fixed uint Tx32[8];
    /// <summary>[3][2].</summary>
    public fixed uint Skip[6];
    /// <summary>[7][NEARESTMV, NEARMV, ZEROMV, NEWMV].</summary>
    public fixed uint InterMode[28];
    /// <summary>[4][3].</summary>
    public fixed uint InterpFilter[12];
    /// <summary>[4][2].</summary>
    public fixed uint IsInter[8];
    /// <summary>[5][2].</summary>
    public fixed uint CompMode[10];
    /// <summary>[5][2][2].</summary>
    public fixed uint SingleRef[20];
    /// <summary>[5][2].</summary>
    public fixed uint CompRef[10];
    /// <summary>[4][10].</summary>
    public fixed uint YMode[40];
    /// <summary>[10][10].</summary>
    public fixed uint UvMode[100];
    /// <summary>[16][4].</summary>
    public fixed uint Partition[64];
    /// <summary>[4].</summary>
    public fixed uint MvJoint[4];
    /// <summary>[2][2].</summary>
    public fixed uint MvSign[4];
    /// <summary>[2][11].</summary>
    public fixed uint MvClass[22];
    /// <summary>[2][2].</summary>
    public fixed uint MvClass0Bit[4];
    /// <summary>[2][10][2].</summary>
    public fixed uint MvBits[40];
    /// <summary>[2][2][4].</summary>
    public fixed uint MvClass0Fr[16];
    /// <summary>[2][4].</summary>
    public fixed uint MvFr[8];
    /// <summary>[2][2].</summary>
    public fixed uint MvClass0Hp[4];
    /// <summary>[2][2].</summary>
    public fixed uint MvHp[4];
}
