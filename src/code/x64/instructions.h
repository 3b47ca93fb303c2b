/* The vector and mask instructions of x86-64 that generated code uses: a line each, the only place that knows
 * them.
 *
 *   X(name, mnemonic, dst, a, b, form, lengths, map, prefix, opcode, vex, evex, tuple, decoration, extra)
 *
 * name        the enumerator is X64_<name>: the mnemonic, plus a suffix where it has several encodings:
 *             _STORE (to memory, or to the other register file), _K (result in a mask register), _IMM (the
 *             immediate counts or permutes, where another form has a register for it), _GENERAL (from a
 *             general register), _64 (a general register of 64 bits), _VECTOR (vector registers and memory).
 * dst, a, b   what each operand is; `_`: there is none.
 *               V vector of the length asked for; H, Q half and quarter of it, but at least xmm;
 *               X xmm always; P xmm, in the register form only (vmovss); K mask; D, G general, 32, 64 bits.
 * form        R       b is a register
 *             RM      b is a register or in memory
 *             M       b is in memory
 *             ST      the reverse: dst is a register or memory, b the source
 *             SR, STM the same, a register only, memory only
 *             GATHER  memory with a vector index of the size of b
 *             G2 to G6  shifts by an immediate, the opcode extended by that digit; from memory only in EVEX
 * lengths     S scalar (X64_SCALAR); A 128, 256, 512; B 256, 512; V 128, 256; Y 256; Z 512.
 * map, prefix, opcode   as in the processor manuals.
 * vex, evex   `_`: no such form; W0, W1: the bit W; I: VEX ignores W; L1W0: VEX with L = 1 at any length.
 * tuple       what an 8-bit displacement counts in under EVEX, and what an embedded broadcast repeats:
 *               F4, F8 the whole vector, broadcast of 4, 8 bytes; FM the whole vector, no broadcast;
 *               H4 half of it, broadcast of 4; HM, QM half, quarter, no broadcast;
 *               S4, S8 one element of that size; G16, G32 so many bytes; `_` VEX only, or no memory form.
 * decoration  N none; M a mask that merges; Z one that merges or zeroes (stores merge); R a mask always.
 * extra       I an 8-bit immediate follows; B its upper half is the register of a fourth operand; `_` none.
 *
 * Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
 */
#ifndef SINTER_CODE_X64_INSTRUCTIONS_H
#define SINTER_CODE_X64_INSTRUCTIONS_H

/* The four formats of one arithmetic operation: packed and scalar, single and double. */
#define X64_ARITHMETIC(X, N, m, op) \
    X(N##PS, m "ps", V, V, V, RM, A, 0F, NP, op, I, W0, F4, Z, _) \
    X(N##PD, m "pd", V, V, V, RM, A, 0F, 66, op, I, W1, F8, Z, _) \
    X(N##SS, m "ss", X, X, X, RM, S, 0F, F3, op, I, W0, S4, Z, _) \
    X(N##SD, m "sd", X, X, X, RM, S, 0F, F2, op, I, W1, S8, Z, _)

#define X64_LOGICAL(X, N, m, op) \
    X(N##PS, m "ps", V, V, V, RM, A, 0F, NP, op, I, W0, F4, Z, _) \
    X(N##PD, m "pd", V, V, V, RM, A, 0F, 66, op, I, W1, F8, Z, _)

#define X64_FUSED(X, N, m, packed, scalar) \
    X(N##PS, m "ps", V, V, V, RM, A, 0F38, 66, packed, W0, W0, F4, Z, _) \
    X(N##PD, m "pd", V, V, V, RM, A, 0F38, 66, packed, W1, W1, F8, Z, _) \
    X(N##SS, m "ss", X, X, X, RM, S, 0F38, 66, scalar, W0, W0, S4, Z, _) \
    X(N##SD, m "sd", X, X, X, RM, S, 0F38, 66, scalar, W1, W1, S8, Z, _)

/* One-source EVEX operations whose scalar form takes its upper lanes from a. */
#define X64_ONE_SOURCE(X, N, m, map, packed, scalar, extra) \
    X(N##PS, m "ps", V, _, V, RM, A, map, 66, packed, _, W0, F4, Z, extra) \
    X(N##PD, m "pd", V, _, V, RM, A, map, 66, packed, _, W1, F8, Z, extra) \
    X(N##SS, m "ss", X, X, X, RM, S, map, 66, scalar, _, W0, S4, Z, extra) \
    X(N##SD, m "sd", X, X, X, RM, S, map, 66, scalar, _, W1, S8, Z, extra)

#define X64_TWO_SOURCE(X, N, m, map, packed, scalar, extra) \
    X(N##PS, m "ps", V, V, V, RM, A, map, 66, packed, _, W0, F4, Z, extra) \
    X(N##PD, m "pd", V, V, V, RM, A, map, 66, packed, _, W1, F8, Z, extra) \
    X(N##SS, m "ss", X, X, X, RM, S, map, 66, scalar, _, W0, S4, Z, extra) \
    X(N##SD, m "sd", X, X, X, RM, S, map, 66, scalar, _, W1, S8, Z, extra)

#define X64_MOVES(X) \
    X(VMOVUPS, "vmovups", V, _, V, RM, A, 0F, NP, 0x10, I, W0, FM, Z, _) \
    X(VMOVUPS_STORE, "vmovups", V, _, V, STM, A, 0F, NP, 0x11, I, W0, FM, Z, _) \
    X(VMOVUPD, "vmovupd", V, _, V, RM, A, 0F, 66, 0x10, I, W1, FM, Z, _) \
    X(VMOVUPD_STORE, "vmovupd", V, _, V, STM, A, 0F, 66, 0x11, I, W1, FM, Z, _) \
    X(VMOVAPS, "vmovaps", V, _, V, RM, A, 0F, NP, 0x28, I, W0, FM, Z, _) \
    X(VMOVAPS_STORE, "vmovaps", V, _, V, STM, A, 0F, NP, 0x29, I, W0, FM, Z, _) \
    X(VMOVAPD, "vmovapd", V, _, V, RM, A, 0F, 66, 0x28, I, W1, FM, Z, _) \
    X(VMOVAPD_STORE, "vmovapd", V, _, V, STM, A, 0F, 66, 0x29, I, W1, FM, Z, _) \
    X(VMOVSS, "vmovss", X, P, X, RM, S, 0F, F3, 0x10, I, W0, S4, Z, _) \
    X(VMOVSS_STORE, "vmovss", X, _, X, STM, S, 0F, F3, 0x11, I, W0, S4, Z, _) \
    X(VMOVSD, "vmovsd", X, P, X, RM, S, 0F, F2, 0x10, I, W1, S8, Z, _) \
    X(VMOVSD_STORE, "vmovsd", X, _, X, STM, S, 0F, F2, 0x11, I, W1, S8, Z, _) \
    X(VMOVD, "vmovd", X, _, D, RM, S, 0F, 66, 0x6E, W0, W0, S4, N, _) \
    X(VMOVD_STORE, "vmovd", D, _, X, ST, S, 0F, 66, 0x7E, W0, W0, S4, N, _) \
    X(VMOVQ, "vmovq", X, _, G, RM, S, 0F, 66, 0x6E, W1, W1, S8, N, _) \
    X(VMOVQ_STORE, "vmovq", G, _, X, SR, S, 0F, 66, 0x7E, W1, W1, S8, N, _) \
    X(VMOVQ_VECTOR, "vmovq", X, _, X, RM, S, 0F, F3, 0x7E, I, W1, S8, N, _) \
    X(VMOVQ_VECTOR_STORE, "vmovq", X, _, X, STM, S, 0F, 66, 0xD6, I, W1, S8, N, _) \
    X(VMOVDQU, "vmovdqu", V, _, V, RM, V, 0F, F3, 0x6F, I, _, _, N, _) \
    X(VMOVDQU_STORE, "vmovdqu", V, _, V, STM, V, 0F, F3, 0x7F, I, _, _, N, _) \
    X(VMOVDQA, "vmovdqa", V, _, V, RM, V, 0F, 66, 0x6F, I, _, _, N, _) \
    X(VMOVDQA_STORE, "vmovdqa", V, _, V, STM, V, 0F, 66, 0x7F, I, _, _, N, _) \
    X(VMOVDQU8, "vmovdqu8", V, _, V, RM, A, 0F, F2, 0x6F, _, W0, FM, Z, _) \
    X(VMOVDQU8_STORE, "vmovdqu8", V, _, V, STM, A, 0F, F2, 0x7F, _, W0, FM, Z, _) \
    X(VMOVDQU16, "vmovdqu16", V, _, V, RM, A, 0F, F2, 0x6F, _, W1, FM, Z, _) \
    X(VMOVDQU16_STORE, "vmovdqu16", V, _, V, STM, A, 0F, F2, 0x7F, _, W1, FM, Z, _) \
    X(VMOVDQU32, "vmovdqu32", V, _, V, RM, A, 0F, F3, 0x6F, _, W0, FM, Z, _) \
    X(VMOVDQU32_STORE, "vmovdqu32", V, _, V, STM, A, 0F, F3, 0x7F, _, W0, FM, Z, _) \
    X(VMOVDQU64, "vmovdqu64", V, _, V, RM, A, 0F, F3, 0x6F, _, W1, FM, Z, _) \
    X(VMOVDQU64_STORE, "vmovdqu64", V, _, V, STM, A, 0F, F3, 0x7F, _, W1, FM, Z, _) \
    X(VMASKMOVPS, "vmaskmovps", V, V, V, M, V, 0F38, 66, 0x2C, W0, _, _, N, _) \
    X(VMASKMOVPS_STORE, "vmaskmovps", V, V, V, STM, V, 0F38, 66, 0x2E, W0, _, _, N, _) \
    X(VMASKMOVPD, "vmaskmovpd", V, V, V, M, V, 0F38, 66, 0x2D, W0, _, _, N, _) \
    X(VMASKMOVPD_STORE, "vmaskmovpd", V, V, V, STM, V, 0F38, 66, 0x2F, W0, _, _, N, _) \
    X(VPMASKMOVD, "vpmaskmovd", V, V, V, M, V, 0F38, 66, 0x8C, W0, _, _, N, _) \
    X(VPMASKMOVD_STORE, "vpmaskmovd", V, V, V, STM, V, 0F38, 66, 0x8E, W0, _, _, N, _) \
    X(VPMASKMOVQ, "vpmaskmovq", V, V, V, M, V, 0F38, 66, 0x8C, W1, _, _, N, _) \
    X(VPMASKMOVQ_STORE, "vpmaskmovq", V, V, V, STM, V, 0F38, 66, 0x8E, W1, _, _, N, _) \
    X(VBROADCASTSS, "vbroadcastss", V, _, X, RM, A, 0F38, 66, 0x18, W0, W0, S4, Z, _) \
    X(VBROADCASTSD, "vbroadcastsd", V, _, X, RM, B, 0F38, 66, 0x19, W0, W1, S8, Z, _) \
    X(VPBROADCASTD, "vpbroadcastd", V, _, X, RM, A, 0F38, 66, 0x58, W0, W0, S4, Z, _) \
    X(VPBROADCASTQ, "vpbroadcastq", V, _, X, RM, A, 0F38, 66, 0x59, W0, W1, S8, Z, _) \
    X(VPBROADCASTD_GENERAL, "vpbroadcastd", V, _, D, R, A, 0F38, 66, 0x7C, _, W0, _, Z, _) \
    X(VPBROADCASTQ_GENERAL, "vpbroadcastq", V, _, G, R, A, 0F38, 66, 0x7C, _, W1, _, Z, _) \
    X(VGATHERDPS, "vgatherdps", V, V, V, GATHER, A, 0F38, 66, 0x92, W0, W0, S4, R, _) \
    X(VGATHERDPD, "vgatherdpd", V, V, H, GATHER, A, 0F38, 66, 0x92, W1, W1, S8, R, _) \
    X(VPGATHERDD, "vpgatherdd", V, V, V, GATHER, A, 0F38, 66, 0x90, W0, W0, S4, R, _) \
    X(VPGATHERDQ, "vpgatherdq", V, V, H, GATHER, A, 0F38, 66, 0x90, W1, W1, S8, R, _)

#define X64_FLOATS(X) \
    X64_ARITHMETIC(X, VADD, "vadd", 0x58) \
    X64_ARITHMETIC(X, VMUL, "vmul", 0x59) \
    X64_ARITHMETIC(X, VSUB, "vsub", 0x5C) \
    X64_ARITHMETIC(X, VMIN, "vmin", 0x5D) \
    X64_ARITHMETIC(X, VDIV, "vdiv", 0x5E) \
    X64_ARITHMETIC(X, VMAX, "vmax", 0x5F) \
    X(VSQRTPS, "vsqrtps", V, _, V, RM, A, 0F, NP, 0x51, I, W0, F4, Z, _) \
    X(VSQRTPD, "vsqrtpd", V, _, V, RM, A, 0F, 66, 0x51, I, W1, F8, Z, _) \
    X(VSQRTSS, "vsqrtss", X, X, X, RM, S, 0F, F3, 0x51, I, W0, S4, Z, _) \
    X(VSQRTSD, "vsqrtsd", X, X, X, RM, S, 0F, F2, 0x51, I, W1, S8, Z, _) \
    X64_LOGICAL(X, VAND, "vand", 0x54) \
    X64_LOGICAL(X, VANDN, "vandn", 0x55) \
    X64_LOGICAL(X, VOR, "vor", 0x56) \
    X64_LOGICAL(X, VXOR, "vxor", 0x57) \
    X64_FUSED(X, VFMADD132, "vfmadd132", 0x98, 0x99) \
    X64_FUSED(X, VFMADD213, "vfmadd213", 0xA8, 0xA9) \
    X64_FUSED(X, VFMADD231, "vfmadd231", 0xB8, 0xB9) \
    X64_FUSED(X, VFMSUB132, "vfmsub132", 0x9A, 0x9B) \
    X64_FUSED(X, VFMSUB213, "vfmsub213", 0xAA, 0xAB) \
    X64_FUSED(X, VFMSUB231, "vfmsub231", 0xBA, 0xBB) \
    X64_FUSED(X, VFNMADD132, "vfnmadd132", 0x9C, 0x9D) \
    X64_FUSED(X, VFNMADD213, "vfnmadd213", 0xAC, 0xAD) \
    X64_FUSED(X, VFNMADD231, "vfnmadd231", 0xBC, 0xBD) \
    X64_FUSED(X, VFNMSUB132, "vfnmsub132", 0x9E, 0x9F) \
    X64_FUSED(X, VFNMSUB213, "vfnmsub213", 0xAE, 0xAF) \
    X64_FUSED(X, VFNMSUB231, "vfnmsub231", 0xBE, 0xBF) \
    X(VROUNDPS, "vroundps", V, _, V, RM, V, 0F3A, 66, 0x08, I, _, _, N, I) \
    X(VROUNDPD, "vroundpd", V, _, V, RM, V, 0F3A, 66, 0x09, I, _, _, N, I) \
    X(VROUNDSS, "vroundss", X, X, X, RM, S, 0F3A, 66, 0x0A, I, _, _, N, I) \
    X(VROUNDSD, "vroundsd", X, X, X, RM, S, 0F3A, 66, 0x0B, I, _, _, N, I) \
    X(VRNDSCALEPS, "vrndscaleps", V, _, V, RM, A, 0F3A, 66, 0x08, _, W0, F4, Z, I) \
    X(VRNDSCALEPD, "vrndscalepd", V, _, V, RM, A, 0F3A, 66, 0x09, _, W1, F8, Z, I) \
    X(VRNDSCALESS, "vrndscaless", X, X, X, RM, S, 0F3A, 66, 0x0A, _, W0, S4, Z, I) \
    X(VRNDSCALESD, "vrndscalesd", X, X, X, RM, S, 0F3A, 66, 0x0B, _, W1, S8, Z, I) \
    X64_ONE_SOURCE(X, VGETEXP, "vgetexp", 0F38, 0x42, 0x43, _) \
    X64_ONE_SOURCE(X, VGETMANT, "vgetmant", 0F3A, 0x26, 0x27, I) \
    X64_ONE_SOURCE(X, VRCP14, "vrcp14", 0F38, 0x4C, 0x4D, _) \
    X64_ONE_SOURCE(X, VRSQRT14, "vrsqrt14", 0F38, 0x4E, 0x4F, _) \
    X64_TWO_SOURCE(X, VSCALEF, "vscalef", 0F38, 0x2C, 0x2D, _) \
    X64_TWO_SOURCE(X, VFIXUPIMM, "vfixupimm", 0F3A, 0x54, 0x55, I)

#define X64_COMPARES(X) \
    X(VCMPPS, "vcmpps", V, V, V, RM, V, 0F, NP, 0xC2, I, _, _, N, I) \
    X(VCMPPD, "vcmppd", V, V, V, RM, V, 0F, 66, 0xC2, I, _, _, N, I) \
    X(VCMPSS, "vcmpss", X, X, X, RM, S, 0F, F3, 0xC2, I, _, _, N, I) \
    X(VCMPSD, "vcmpsd", X, X, X, RM, S, 0F, F2, 0xC2, I, _, _, N, I) \
    X(VCMPPS_K, "vcmpps", K, V, V, RM, A, 0F, NP, 0xC2, _, W0, F4, M, I) \
    X(VCMPPD_K, "vcmppd", K, V, V, RM, A, 0F, 66, 0xC2, _, W1, F8, M, I) \
    X(VCMPSS_K, "vcmpss", K, X, X, RM, S, 0F, F3, 0xC2, _, W0, S4, M, I) \
    X(VCMPSD_K, "vcmpsd", K, X, X, RM, S, 0F, F2, 0xC2, _, W1, S8, M, I) \
    X(VFPCLASSPS, "vfpclassps", K, _, V, RM, A, 0F3A, 66, 0x66, _, W0, F4, M, I) \
    X(VFPCLASSPD, "vfpclasspd", K, _, V, RM, A, 0F3A, 66, 0x66, _, W1, F8, M, I) \
    X(VCOMISS, "vcomiss", X, _, X, RM, S, 0F, NP, 0x2F, I, W0, S4, N, _) \
    X(VCOMISD, "vcomisd", X, _, X, RM, S, 0F, 66, 0x2F, I, W1, S8, N, _) \
    X(VUCOMISS, "vucomiss", X, _, X, RM, S, 0F, NP, 0x2E, I, W0, S4, N, _) \
    X(VUCOMISD, "vucomisd", X, _, X, RM, S, 0F, 66, 0x2E, I, W1, S8, N, _) \
    X(VPCMPEQD, "vpcmpeqd", V, V, V, RM, V, 0F, 66, 0x76, I, _, _, N, _) \
    X(VPCMPGTD, "vpcmpgtd", V, V, V, RM, V, 0F, 66, 0x66, I, _, _, N, _) \
    X(VPCMPEQQ, "vpcmpeqq", V, V, V, RM, V, 0F38, 66, 0x29, I, _, _, N, _) \
    X(VPCMPGTQ, "vpcmpgtq", V, V, V, RM, V, 0F38, 66, 0x37, I, _, _, N, _) \
    X(VPCMPD, "vpcmpd", K, V, V, RM, A, 0F3A, 66, 0x1F, _, W0, F4, M, I) \
    X(VPCMPUD, "vpcmpud", K, V, V, RM, A, 0F3A, 66, 0x1E, _, W0, F4, M, I) \
    X(VPCMPQ, "vpcmpq", K, V, V, RM, A, 0F3A, 66, 0x1F, _, W1, F8, M, I) \
    X(VPCMPUQ, "vpcmpuq", K, V, V, RM, A, 0F3A, 66, 0x1E, _, W1, F8, M, I) \
    X(VPTESTMD, "vptestmd", K, V, V, RM, A, 0F38, 66, 0x27, _, W0, F4, M, _) \
    X(VPTESTMQ, "vptestmq", K, V, V, RM, A, 0F38, 66, 0x27, _, W1, F8, M, _) \
    X(VPTESTNMD, "vptestnmd", K, V, V, RM, A, 0F38, F3, 0x27, _, W0, F4, M, _) \
    X(VPTESTNMQ, "vptestnmq", K, V, V, RM, A, 0F38, F3, 0x27, _, W1, F8, M, _) \
    X(VPMOVB2M, "vpmovb2m", K, _, V, R, A, 0F38, F3, 0x29, _, W0, _, N, _) \
    X(VPMOVM2D, "vpmovm2d", V, _, K, R, A, 0F38, F3, 0x38, _, W0, _, N, _) \
    X(VPMOVM2Q, "vpmovm2q", V, _, K, R, A, 0F38, F3, 0x38, _, W1, _, N, _) \
    X(VPMOVD2M, "vpmovd2m", K, _, V, R, A, 0F38, F3, 0x39, _, W0, _, N, _) \
    X(VPMOVQ2M, "vpmovq2m", K, _, V, R, A, 0F38, F3, 0x39, _, W1, _, N, _) \
    X(VMOVMSKPS, "vmovmskps", D, _, V, R, V, 0F, NP, 0x50, I, _, _, N, _) \
    X(VMOVMSKPD, "vmovmskpd", D, _, V, R, V, 0F, 66, 0x50, I, _, _, N, _) \
    X(VPMOVMSKB, "vpmovmskb", D, _, V, R, V, 0F, 66, 0xD7, I, _, _, N, _) \
    X(VPTEST, "vptest", V, _, V, RM, V, 0F38, 66, 0x17, I, _, _, N, _) \
    X(VTESTPS, "vtestps", V, _, V, RM, V, 0F38, 66, 0x0E, W0, _, _, N, _) \
    X(VTESTPD, "vtestpd", V, _, V, RM, V, 0F38, 66, 0x0F, W0, _, _, N, _) \
    X(VBLENDVPS, "vblendvps", V, V, V, RM, V, 0F3A, 66, 0x4A, W0, _, _, N, B) \
    X(VBLENDVPD, "vblendvpd", V, V, V, RM, V, 0F3A, 66, 0x4B, W0, _, _, N, B) \
    X(VPBLENDVB, "vpblendvb", V, V, V, RM, V, 0F3A, 66, 0x4C, W0, _, _, N, B) \
    X(VBLENDMPS, "vblendmps", V, V, V, RM, A, 0F38, 66, 0x65, _, W0, F4, Z, _) \
    X(VBLENDMPD, "vblendmpd", V, V, V, RM, A, 0F38, 66, 0x65, _, W1, F8, Z, _) \
    X(VPBLENDMB, "vpblendmb", V, V, V, RM, A, 0F38, 66, 0x66, _, W0, FM, Z, _) \
    X(VPBLENDMD, "vpblendmd", V, V, V, RM, A, 0F38, 66, 0x64, _, W0, F4, Z, _) \
    X(VPBLENDMQ, "vpblendmq", V, V, V, RM, A, 0F38, 66, 0x64, _, W1, F8, Z, _)

#define X64_INTEGERS(X) \
    X(VPADDB, "vpaddb", V, V, V, RM, A, 0F, 66, 0xFC, I, W0, FM, Z, _) \
    X(VPADDD, "vpaddd", V, V, V, RM, A, 0F, 66, 0xFE, I, W0, F4, Z, _) \
    X(VPADDQ, "vpaddq", V, V, V, RM, A, 0F, 66, 0xD4, I, W1, F8, Z, _) \
    X(VPSUBB, "vpsubb", V, V, V, RM, A, 0F, 66, 0xF8, I, W0, FM, Z, _) \
    X(VPSUBD, "vpsubd", V, V, V, RM, A, 0F, 66, 0xFA, I, W0, F4, Z, _) \
    X(VPSUBQ, "vpsubq", V, V, V, RM, A, 0F, 66, 0xFB, I, W1, F8, Z, _) \
    X(VPMULLD, "vpmulld", V, V, V, RM, A, 0F38, 66, 0x40, I, W0, F4, Z, _) \
    X(VPMULLQ, "vpmullq", V, V, V, RM, A, 0F38, 66, 0x40, _, W1, F8, Z, _) \
    X(VPMULUDQ, "vpmuludq", V, V, V, RM, A, 0F, 66, 0xF4, I, W1, F8, Z, _) \
    X(VPMULDQ, "vpmuldq", V, V, V, RM, A, 0F38, 66, 0x28, I, W1, F8, Z, _) \
    X(VPMINSD, "vpminsd", V, V, V, RM, A, 0F38, 66, 0x39, I, W0, F4, Z, _) \
    X(VPMAXSD, "vpmaxsd", V, V, V, RM, A, 0F38, 66, 0x3D, I, W0, F4, Z, _) \
    X(VPMINUD, "vpminud", V, V, V, RM, A, 0F38, 66, 0x3B, I, W0, F4, Z, _) \
    X(VPMAXUD, "vpmaxud", V, V, V, RM, A, 0F38, 66, 0x3F, I, W0, F4, Z, _) \
    X(VPABSD, "vpabsd", V, _, V, RM, A, 0F38, 66, 0x1E, I, W0, F4, Z, _) \
    X(VPAND, "vpand", V, V, V, RM, V, 0F, 66, 0xDB, I, _, _, N, _) \
    X(VPANDN, "vpandn", V, V, V, RM, V, 0F, 66, 0xDF, I, _, _, N, _) \
    X(VPOR, "vpor", V, V, V, RM, V, 0F, 66, 0xEB, I, _, _, N, _) \
    X(VPXOR, "vpxor", V, V, V, RM, V, 0F, 66, 0xEF, I, _, _, N, _) \
    X(VPANDD, "vpandd", V, V, V, RM, A, 0F, 66, 0xDB, _, W0, F4, Z, _) \
    X(VPANDQ, "vpandq", V, V, V, RM, A, 0F, 66, 0xDB, _, W1, F8, Z, _) \
    X(VPANDND, "vpandnd", V, V, V, RM, A, 0F, 66, 0xDF, _, W0, F4, Z, _) \
    X(VPANDNQ, "vpandnq", V, V, V, RM, A, 0F, 66, 0xDF, _, W1, F8, Z, _) \
    X(VPORD, "vpord", V, V, V, RM, A, 0F, 66, 0xEB, _, W0, F4, Z, _) \
    X(VPORQ, "vporq", V, V, V, RM, A, 0F, 66, 0xEB, _, W1, F8, Z, _) \
    X(VPXORD, "vpxord", V, V, V, RM, A, 0F, 66, 0xEF, _, W0, F4, Z, _) \
    X(VPXORQ, "vpxorq", V, V, V, RM, A, 0F, 66, 0xEF, _, W1, F8, Z, _) \
    X(VPTERNLOGD, "vpternlogd", V, V, V, RM, A, 0F3A, 66, 0x25, _, W0, F4, Z, I) \
    X(VPTERNLOGQ, "vpternlogq", V, V, V, RM, A, 0F3A, 66, 0x25, _, W1, F8, Z, I) \
    X(VPSLLVD, "vpsllvd", V, V, V, RM, A, 0F38, 66, 0x47, W0, W0, F4, Z, _) \
    X(VPSLLVQ, "vpsllvq", V, V, V, RM, A, 0F38, 66, 0x47, W1, W1, F8, Z, _) \
    X(VPSRLVD, "vpsrlvd", V, V, V, RM, A, 0F38, 66, 0x45, W0, W0, F4, Z, _) \
    X(VPSRLVQ, "vpsrlvq", V, V, V, RM, A, 0F38, 66, 0x45, W1, W1, F8, Z, _) \
    X(VPSRAVD, "vpsravd", V, V, V, RM, A, 0F38, 66, 0x46, W0, W0, F4, Z, _) \
    X(VPSRAVQ, "vpsravq", V, V, V, RM, A, 0F38, 66, 0x46, _, W1, F8, Z, _) \
    X(VPSLLD_IMM, "vpslld", V, _, V, G6, A, 0F, 66, 0x72, I, W0, F4, Z, I) \
    X(VPSLLQ_IMM, "vpsllq", V, _, V, G6, A, 0F, 66, 0x73, I, W1, F8, Z, I) \
    X(VPSRLD_IMM, "vpsrld", V, _, V, G2, A, 0F, 66, 0x72, I, W0, F4, Z, I) \
    X(VPSRLQ_IMM, "vpsrlq", V, _, V, G2, A, 0F, 66, 0x73, I, W1, F8, Z, I) \
    X(VPSRAD_IMM, "vpsrad", V, _, V, G4, A, 0F, 66, 0x72, I, W0, F4, Z, I) \
    X(VPSRAQ_IMM, "vpsraq", V, _, V, G4, A, 0F, 66, 0x72, _, W1, F8, Z, I)

#define X64_CONVERSIONS(X) \
    X(VCVTPS2PD, "vcvtps2pd", V, _, H, RM, A, 0F, NP, 0x5A, I, W0, H4, Z, _) \
    X(VCVTPD2PS, "vcvtpd2ps", H, _, V, RM, A, 0F, 66, 0x5A, I, W1, F8, Z, _) \
    X(VCVTSS2SD, "vcvtss2sd", X, X, X, RM, S, 0F, F3, 0x5A, I, W0, S4, Z, _) \
    X(VCVTSD2SS, "vcvtsd2ss", X, X, X, RM, S, 0F, F2, 0x5A, I, W1, S8, Z, _) \
    X(VCVTDQ2PS, "vcvtdq2ps", V, _, V, RM, A, 0F, NP, 0x5B, I, W0, F4, Z, _) \
    X(VCVTDQ2PD, "vcvtdq2pd", V, _, H, RM, A, 0F, F3, 0xE6, I, W0, H4, Z, _) \
    X(VCVTQQ2PD, "vcvtqq2pd", V, _, V, RM, A, 0F, F3, 0xE6, _, W1, F8, Z, _) \
    X(VCVTPS2DQ, "vcvtps2dq", V, _, V, RM, A, 0F, 66, 0x5B, I, W0, F4, Z, _) \
    X(VCVTTPS2DQ, "vcvttps2dq", V, _, V, RM, A, 0F, F3, 0x5B, I, W0, F4, Z, _) \
    X(VCVTPD2DQ, "vcvtpd2dq", H, _, V, RM, A, 0F, F2, 0xE6, I, W1, F8, Z, _) \
    X(VCVTTPD2DQ, "vcvttpd2dq", H, _, V, RM, A, 0F, 66, 0xE6, I, W1, F8, Z, _) \
    X(VCVTTPD2QQ, "vcvttpd2qq", V, _, V, RM, A, 0F, 66, 0x7A, _, W1, F8, Z, _) \
    X(VCVTSI2SS, "vcvtsi2ss", X, X, D, RM, S, 0F, F3, 0x2A, W0, W0, S4, N, _) \
    X(VCVTSI2SD, "vcvtsi2sd", X, X, D, RM, S, 0F, F2, 0x2A, W0, W0, S4, N, _) \
    X(VCVTSI2SS_64, "vcvtsi2ss", X, X, G, RM, S, 0F, F3, 0x2A, W1, W1, S8, N, _) \
    X(VCVTSI2SD_64, "vcvtsi2sd", X, X, G, RM, S, 0F, F2, 0x2A, W1, W1, S8, N, _) \
    X(VCVTTSS2SI, "vcvttss2si", D, _, X, RM, S, 0F, F3, 0x2C, W0, W0, S4, N, _) \
    X(VCVTTSD2SI, "vcvttsd2si", D, _, X, RM, S, 0F, F2, 0x2C, W0, W0, S8, N, _) \
    X(VCVTTSS2SI_64, "vcvttss2si", G, _, X, RM, S, 0F, F3, 0x2C, W1, W1, S4, N, _) \
    X(VCVTTSD2SI_64, "vcvttsd2si", G, _, X, RM, S, 0F, F2, 0x2C, W1, W1, S8, N, _) \
    X(VPMOVSXBD, "vpmovsxbd", V, _, Q, RM, A, 0F38, 66, 0x21, I, W0, QM, Z, _) \
    X(VPMOVSXWD, "vpmovsxwd", V, _, H, RM, A, 0F38, 66, 0x23, I, W0, HM, Z, _) \
    X(VPMOVSXDQ, "vpmovsxdq", V, _, H, RM, A, 0F38, 66, 0x25, I, W0, HM, Z, _) \
    X(VPMOVZXBD, "vpmovzxbd", V, _, Q, RM, A, 0F38, 66, 0x31, I, W0, QM, Z, _) \
    X(VPMOVZXWD, "vpmovzxwd", V, _, H, RM, A, 0F38, 66, 0x33, I, W0, HM, Z, _) \
    X(VPMOVZXDQ, "vpmovzxdq", V, _, H, RM, A, 0F38, 66, 0x35, I, W0, HM, Z, _) \
    X(VPMOVDB, "vpmovdb", Q, _, V, ST, A, 0F38, F3, 0x31, _, W0, QM, Z, _) \
    X(VPMOVDW, "vpmovdw", H, _, V, ST, A, 0F38, F3, 0x33, _, W0, HM, Z, _) \
    X(VPMOVQD, "vpmovqd", H, _, V, ST, A, 0F38, F3, 0x35, _, W0, HM, Z, _)

#define X64_SHUFFLES(X) \
    X(VEXTRACTF128, "vextractf128", X, _, V, ST, Y, 0F3A, 66, 0x19, W0, _, _, N, I) \
    X(VEXTRACTI128, "vextracti128", X, _, V, ST, Y, 0F3A, 66, 0x39, W0, _, _, N, I) \
    X(VEXTRACTF32X4, "vextractf32x4", X, _, V, ST, B, 0F3A, 66, 0x19, _, W0, G16, Z, I) \
    X(VEXTRACTF64X4, "vextractf64x4", H, _, V, ST, Z, 0F3A, 66, 0x1B, _, W1, G32, Z, I) \
    X(VINSERTF128, "vinsertf128", V, V, X, RM, Y, 0F3A, 66, 0x18, W0, _, _, N, I) \
    X(VINSERTF32X4, "vinsertf32x4", V, V, X, RM, B, 0F3A, 66, 0x18, _, W0, G16, Z, I) \
    X(VINSERTF64X4, "vinsertf64x4", V, V, H, RM, Z, 0F3A, 66, 0x1A, _, W1, G32, Z, I) \
    X(VPERM2F128, "vperm2f128", V, V, V, RM, Y, 0F3A, 66, 0x06, W0, _, _, N, I) \
    X(VSHUFF32X4, "vshuff32x4", V, V, V, RM, B, 0F3A, 66, 0x23, _, W0, F4, Z, I) \
    X(VSHUFF64X2, "vshuff64x2", V, V, V, RM, B, 0F3A, 66, 0x23, _, W1, F8, Z, I) \
    X(VPERMD, "vpermd", V, V, V, RM, B, 0F38, 66, 0x36, W0, W0, F4, Z, _) \
    X(VPERMPS, "vpermps", V, V, V, RM, B, 0F38, 66, 0x16, W0, W0, F4, Z, _) \
    X(VPERMQ, "vpermq", V, V, V, RM, B, 0F38, 66, 0x36, _, W1, F8, Z, _) \
    X(VPERMPD, "vpermpd", V, V, V, RM, B, 0F38, 66, 0x16, _, W1, F8, Z, _) \
    X(VPERMQ_IMM, "vpermq", V, _, V, RM, B, 0F3A, 66, 0x00, W1, W1, F8, Z, I) \
    X(VPERMPD_IMM, "vpermpd", V, _, V, RM, B, 0F3A, 66, 0x01, W1, W1, F8, Z, I) \
    X(VPERMT2D, "vpermt2d", V, V, V, RM, A, 0F38, 66, 0x7E, _, W0, F4, Z, _) \
    X(VPERMT2Q, "vpermt2q", V, V, V, RM, A, 0F38, 66, 0x7E, _, W1, F8, Z, _) \
    X(VPERMT2PS, "vpermt2ps", V, V, V, RM, A, 0F38, 66, 0x7F, _, W0, F4, Z, _) \
    X(VPERMT2PD, "vpermt2pd", V, V, V, RM, A, 0F38, 66, 0x7F, _, W1, F8, Z, _) \
    X(VPERMT2B, "vpermt2b", V, V, V, RM, A, 0F38, 66, 0x7D, _, W0, FM, Z, _) \
    X(VPERMI2D, "vpermi2d", V, V, V, RM, A, 0F38, 66, 0x76, _, W0, F4, Z, _) \
    X(VPERMI2Q, "vpermi2q", V, V, V, RM, A, 0F38, 66, 0x76, _, W1, F8, Z, _) \
    X(VPERMI2PS, "vpermi2ps", V, V, V, RM, A, 0F38, 66, 0x77, _, W0, F4, Z, _) \
    X(VPERMI2PD, "vpermi2pd", V, V, V, RM, A, 0F38, 66, 0x77, _, W1, F8, Z, _) \
    X(VPERMI2B, "vpermi2b", V, V, V, RM, A, 0F38, 66, 0x75, _, W0, FM, Z, _) \
    X(VPERMB, "vpermb", V, V, V, RM, A, 0F38, 66, 0x8D, _, W0, FM, Z, _) \
    X(VPERMILPS, "vpermilps", V, V, V, RM, A, 0F38, 66, 0x0C, W0, W0, F4, Z, _) \
    X(VPERMILPD, "vpermilpd", V, V, V, RM, A, 0F38, 66, 0x0D, W0, W1, F8, Z, _) \
    X(VPERMILPS_IMM, "vpermilps", V, _, V, RM, A, 0F3A, 66, 0x04, W0, W0, F4, Z, I) \
    X(VPERMILPD_IMM, "vpermilpd", V, _, V, RM, A, 0F3A, 66, 0x05, W0, W1, F8, Z, I) \
    X(VPSHUFD, "vpshufd", V, _, V, RM, A, 0F, 66, 0x70, I, W0, F4, Z, I) \
    X(VSHUFPS, "vshufps", V, V, V, RM, A, 0F, NP, 0xC6, I, W0, F4, Z, I) \
    X(VSHUFPD, "vshufpd", V, V, V, RM, A, 0F, 66, 0xC6, I, W1, F8, Z, I) \
    X(VPSHUFB, "vpshufb", V, V, V, RM, A, 0F38, 66, 0x00, I, W0, FM, Z, _) \
    X(VUNPCKLPS, "vunpcklps", V, V, V, RM, A, 0F, NP, 0x14, I, W0, F4, Z, _) \
    X(VUNPCKHPS, "vunpckhps", V, V, V, RM, A, 0F, NP, 0x15, I, W0, F4, Z, _) \
    X(VUNPCKLPD, "vunpcklpd", V, V, V, RM, A, 0F, 66, 0x14, I, W1, F8, Z, _) \
    X(VUNPCKHPD, "vunpckhpd", V, V, V, RM, A, 0F, 66, 0x15, I, W1, F8, Z, _) \
    X(VMOVSHDUP, "vmovshdup", V, _, V, RM, A, 0F, F3, 0x16, I, W0, FM, Z, _) \
    X(VMOVSLDUP, "vmovsldup", V, _, V, RM, A, 0F, F3, 0x12, I, W0, FM, Z, _) \
    X(VMOVHLPS, "vmovhlps", X, X, X, R, S, 0F, NP, 0x12, I, W0, _, N, _) \
    X(VMOVLHPS, "vmovlhps", X, X, X, R, S, 0F, NP, 0x16, I, W0, _, N, _) \
    X(VPALIGNR, "vpalignr", V, V, V, RM, A, 0F3A, 66, 0x0F, I, W0, FM, Z, I) \
    X(VALIGND, "valignd", V, V, V, RM, A, 0F3A, 66, 0x03, _, W0, F4, Z, I) \
    X(VALIGNQ, "valignq", V, V, V, RM, A, 0F3A, 66, 0x03, _, W1, F8, Z, I) \
    X(VPINSRD, "vpinsrd", X, X, D, RM, S, 0F3A, 66, 0x22, W0, W0, S4, N, I) \
    X(VPINSRQ, "vpinsrq", X, X, G, RM, S, 0F3A, 66, 0x22, W1, W1, S8, N, I) \
    X(VPEXTRB_STORE, "vpextrb", X, _, X, STM, S, 0F3A, 66, 0x14, W0, _, _, N, I) \
    X(VPEXTRW_STORE, "vpextrw", X, _, X, STM, S, 0F3A, 66, 0x15, W0, _, _, N, I) \
    X(VPEXTRD, "vpextrd", D, _, X, ST, S, 0F3A, 66, 0x16, W0, W0, S4, N, I) \
    X(VPEXTRQ, "vpextrq", G, _, X, ST, S, 0F3A, 66, 0x16, W1, W1, S8, N, I)

#define X64_MASKS(X) \
    X(KMOVB, "kmovb", K, _, K, RM, S, 0F, 66, 0x90, W0, _, _, N, _) \
    X(KMOVW, "kmovw", K, _, K, RM, S, 0F, NP, 0x90, W0, _, _, N, _) \
    X(KMOVD, "kmovd", K, _, K, RM, S, 0F, 66, 0x90, W1, _, _, N, _) \
    X(KMOVQ, "kmovq", K, _, K, RM, S, 0F, NP, 0x90, W1, _, _, N, _) \
    X(KMOVB_STORE, "kmovb", K, _, K, STM, S, 0F, 66, 0x91, W0, _, _, N, _) \
    X(KMOVW_STORE, "kmovw", K, _, K, STM, S, 0F, NP, 0x91, W0, _, _, N, _) \
    X(KMOVD_STORE, "kmovd", K, _, K, STM, S, 0F, 66, 0x91, W1, _, _, N, _) \
    X(KMOVQ_STORE, "kmovq", K, _, K, STM, S, 0F, NP, 0x91, W1, _, _, N, _) \
    X(KMOVB_FROM_GENERAL, "kmovb", K, _, D, R, S, 0F, 66, 0x92, W0, _, _, N, _) \
    X(KMOVW_FROM_GENERAL, "kmovw", K, _, D, R, S, 0F, NP, 0x92, W0, _, _, N, _) \
    X(KMOVD_FROM_GENERAL, "kmovd", K, _, D, R, S, 0F, F2, 0x92, W0, _, _, N, _) \
    X(KMOVQ_FROM_GENERAL, "kmovq", K, _, G, R, S, 0F, F2, 0x92, W1, _, _, N, _) \
    X(KMOVB_TO_GENERAL, "kmovb", D, _, K, R, S, 0F, 66, 0x93, W0, _, _, N, _) \
    X(KMOVW_TO_GENERAL, "kmovw", D, _, K, R, S, 0F, NP, 0x93, W0, _, _, N, _) \
    X(KMOVD_TO_GENERAL, "kmovd", D, _, K, R, S, 0F, F2, 0x93, W0, _, _, N, _) \
    X(KMOVQ_TO_GENERAL, "kmovq", G, _, K, R, S, 0F, F2, 0x93, W1, _, _, N, _) \
    X(KANDB, "kandb", K, K, K, R, S, 0F, 66, 0x41, L1W0, _, _, N, _) \
    X(KANDW, "kandw", K, K, K, R, S, 0F, NP, 0x41, L1W0, _, _, N, _) \
    X(KANDNB, "kandnb", K, K, K, R, S, 0F, 66, 0x42, L1W0, _, _, N, _) \
    X(KANDNW, "kandnw", K, K, K, R, S, 0F, NP, 0x42, L1W0, _, _, N, _) \
    X(KNOTB, "knotb", K, _, K, R, S, 0F, 66, 0x44, W0, _, _, N, _) \
    X(KNOTW, "knotw", K, _, K, R, S, 0F, NP, 0x44, W0, _, _, N, _) \
    X(KORB, "korb", K, K, K, R, S, 0F, 66, 0x45, L1W0, _, _, N, _) \
    X(KORW, "korw", K, K, K, R, S, 0F, NP, 0x45, L1W0, _, _, N, _) \
    X(KXNORB, "kxnorb", K, K, K, R, S, 0F, 66, 0x46, L1W0, _, _, N, _) \
    X(KXNORW, "kxnorw", K, K, K, R, S, 0F, NP, 0x46, L1W0, _, _, N, _) \
    X(KXORB, "kxorb", K, K, K, R, S, 0F, 66, 0x47, L1W0, _, _, N, _) \
    X(KXORW, "kxorw", K, K, K, R, S, 0F, NP, 0x47, L1W0, _, _, N, _) \
    X(KUNPCKBW, "kunpckbw", K, K, K, R, S, 0F, 66, 0x4B, L1W0, _, _, N, _) \
    X(KUNPCKWD, "kunpckwd", K, K, K, R, S, 0F, NP, 0x4B, L1W0, _, _, N, _) \
    X(KORTESTB, "kortestb", K, _, K, R, S, 0F, 66, 0x98, W0, _, _, N, _) \
    X(KORTESTW, "kortestw", K, _, K, R, S, 0F, NP, 0x98, W0, _, _, N, _) \
    X(KTESTB, "ktestb", K, _, K, R, S, 0F, 66, 0x99, W0, _, _, N, _) \
    X(KTESTW, "ktestw", K, _, K, R, S, 0F, NP, 0x99, W0, _, _, N, _) \
    X(KSHIFTLB, "kshiftlb", K, _, K, R, S, 0F3A, 66, 0x32, W0, _, _, N, I) \
    X(KSHIFTLW, "kshiftlw", K, _, K, R, S, 0F3A, 66, 0x32, W1, _, _, N, I) \
    X(KSHIFTRB, "kshiftrb", K, _, K, R, S, 0F3A, 66, 0x30, W0, _, _, N, I) \
    X(KSHIFTRW, "kshiftrw", K, _, K, R, S, 0F3A, 66, 0x30, W1, _, _, N, I)

#define X64_INSTRUCTIONS(X) \
    X64_MOVES(X) \
    X64_FLOATS(X) \
    X64_COMPARES(X) \
    X64_INTEGERS(X) \
    X64_CONVERSIONS(X) \
    X64_SHUFFLES(X) \
    X64_MASKS(X)

#endif
