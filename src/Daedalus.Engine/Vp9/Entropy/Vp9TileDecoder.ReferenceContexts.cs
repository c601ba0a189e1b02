// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Vp9;

// Contexts of the reference frame syntax elements (spec 9.3.2 comp_mode, comp_ref, single_ref_p1, single_ref_p2).
public sealed unsafe partial class Vp9TileDecoder
{
    private int CompModeContext(NeighbourMode* a, NeighbourMode* l, bool hasAbove, bool hasLeft)
    {
        int fixedRef = _fixedRef;
        if (hasAbove && hasLeft)
        {
            if (a->IsCompound)
                return l->IsCompound ? 4 : 2 + (l->Ref0 == fixedRef || !l->IsInter ? 1 : 0);
            if (l->IsCompound)
                return 2 + (a->Ref0 == fixedRef || !a->IsInter ? 1 : 0);
            return (a->Ref0 == fixedRef ? 1 : 0) ^ (l->Ref0 == fixedRef ? 1 : 0);
        }
        if (!hasAbove && !hasLeft)
            return 1;
        NeighbourMode* edge = hasAbove ? a : l;
        return edge->IsCompound ? 3 : edge->Ref0 == fixedRef ? 1 : 0;
    }

    // The reference of a neighbour that is not the fixed one, its only one when it is not compound.
    private int VariableRef(NeighbourMode* m)
        => !m->IsCompound ? m->Ref0 : (_signBias >> _fixedRef & 1) != 0 ? m->Ref0 : m->Ref1;

    private int CompRefContext(NeighbourMode* a, NeighbourMode* l, bool hasAbove, bool hasLeft)
    {
        int var0 = _varRef0, var1 = _varRef1;
        if (hasAbove && hasLeft)
        {
            if (!a->IsInter && !l->IsInter)
                return 2;
            if (!a->IsInter || !l->IsInter)
                return VariableRef(a->IsInter ? a : l) != var1 ? 3 : 1;
            int va = VariableRef(a), vl = VariableRef(l);
            if (va == vl && var1 == va)
                return 0;
            if (!l->IsCompound && !a->IsCompound)
            {
                if ((va == _fixedRef && vl == var0) || (vl == _fixedRef && va == var0))
                    return 4;
                return va == vl ? 3 : 1;
            }
            if (!l->IsCompound || !a->IsCompound)
            {
                int compound = !l->IsCompound ? va : vl, single = !a->IsCompound ? va : vl;
                if (compound == var1 && single != var1)
                    return 1;
                return single == var1 && compound != var1 ? 2 : 4;
            }
            return va == vl ? 4 : 2;
        }
        if (!hasAbove && !hasLeft)
            return 2;
        NeighbourMode* edge = hasAbove ? a : l;
        if (!edge->IsInter)
            return 2;
        bool other = VariableRef(edge) != var1;
        return !other ? 0 : edge->IsCompound ? 4 : 3;
    }

    private static bool Has(NeighbourMode* m, int reference) => m->Ref0 == reference || m->Ref1 == reference;

    private static int SingleRefContext1(NeighbourMode* a, NeighbourMode* l, bool hasAbove, bool hasLeft)
    {
        const int Last = 1;
        if (hasAbove && hasLeft)
        {
            if (!a->IsInter && !l->IsInter)
                return 2;
            if (!a->IsInter || !l->IsInter)
            {
                NeighbourMode* e = a->IsInter ? a : l;
                return !e->IsCompound ? (e->Ref0 == Last ? 4 : 0) : 1 + (Has(e, Last) ? 1 : 0);
            }
            if (a->IsCompound && l->IsCompound)
                return 1 + (Has(a, Last) || Has(l, Last) ? 1 : 0);
            if (a->IsCompound || l->IsCompound)
            {
                NeighbourMode* single = a->IsCompound ? l : a, compound = a->IsCompound ? a : l;
                int c = Has(compound, Last) ? 1 : 0;
                return single->Ref0 == Last ? 3 + c : c;
            }
            return (a->Ref0 == Last ? 2 : 0) + (l->Ref0 == Last ? 2 : 0);
        }
        if (!hasAbove && !hasLeft)
            return 2;
        NeighbourMode* edge = hasAbove ? a : l;
        if (!edge->IsInter)
            return 2;
        return !edge->IsCompound ? (edge->Ref0 == Last ? 4 : 0) : 1 + (Has(edge, Last) ? 1 : 0);
    }

    private static int SingleRefContext2(NeighbourMode* a, NeighbourMode* l, bool hasAbove, bool hasLeft)
    {
        const int Last = 1, Golden = 2, Altref = 3;
        if (hasAbove && hasLeft)
        {
            if (!a->IsInter && !l->IsInter)
                return 2;
            if (!a->IsInter || !l->IsInter)
            {
                NeighbourMode* e = a->IsInter ? a : l;
                if (!e->IsCompound)
                    return e->Ref0 == Last ? 3 : e->Ref0 == Golden ? 4 : 0;
                return 1 + (Has(e, Golden) ? 2 : 0);
            }
            if (a->IsCompound && l->IsCompound)
            {
                if (a->Ref0 == l->Ref0 && a->Ref1 == l->Ref1)
                    return Has(a, Golden) || Has(l, Golden) ? 3 : 0;
                return 2;
            }
            if (a->IsCompound || l->IsCompound)
            {
                NeighbourMode* single = a->IsCompound ? l : a, compound = a->IsCompound ? a : l;
                int c = Has(compound, Golden) ? 1 : 0;
                return single->Ref0 == Golden ? 3 + c : single->Ref0 == Altref ? c : 1 + 2 * c;
            }
            if (a->Ref0 == Last && l->Ref0 == Last)
                return 3;
            if (a->Ref0 == Last || l->Ref0 == Last)
                return (a->Ref0 == Last ? l : a)->Ref0 == Golden ? 4 : 0;
            return (a->Ref0 == Golden ? 2 : 0) + (l->Ref0 == Golden ? 2 : 0);
        }
        if (!hasAbove && !hasLeft)
            return 2;
        NeighbourMode* edge = hasAbove ? a : l;
        if (!edge->IsInter || (edge->Ref0 == Last && !edge->IsCompound))
            return 2;
        return !edge->IsCompound ? (edge->Ref0 == Golden ? 4 : 0) : Has(edge, Golden) ? 3 : 0;
    }
}
