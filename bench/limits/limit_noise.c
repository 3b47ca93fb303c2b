/* perlin(4x, 4y)/2 + 1/2: improved noise in two dimensions. Its cost is the six look-ups in a permutation of
 * 256 numbers; the gradients are the four diagonals, so they are signs and need no table.
 *
 * AVX2 gathers from the permutation written twice, so that an index and the one behind it need no wrapping:
 * six gathers of eight, each some 8 cycles on Intel's and more on AMD's whatever else happens.
 *
 * AVX-512 with byte permutations (VBMI) keeps all of it in four registers, one byte an entry. A byte index
 * selects within 128 entries (vpermi2b reads two registers and ignores the top bit), and that top bit then
 * chooses the half. Sixty-four points share each look-up, and byte arithmetic wraps modulo 256 as the noise
 * wants it. */
#include "limits.h"

#include <string.h>

#if defined(__x86_64__)
#include "limit_lanes.h"

#define PERMUTATION \
    151, 160, 137, 91, 90, 15, 131, 13, 201, 95, 96, 53, 194, 233, 7, 225, 140, 36, 103, 30, 69, 142, 8, 99, \
        37, 240, 21, 10, 23, 190, 6, 148, 247, 120, 234, 75, 0, 26, 197, 62, 94, 252, 219, 203, 117, 35, 11, \
        32, 57, 177, 33, 88, 237, 149, 56, 87, 174, 20, 125, 136, 171, 168, 68, 175, 74, 165, 71, 134, 139, \
        48, 27, 166, 77, 146, 158, 231, 83, 111, 229, 122, 60, 211, 133, 230, 220, 105, 92, 41, 55, 46, 245, \
        40, 244, 102, 143, 54, 65, 25, 63, 161, 1, 216, 80, 73, 209, 76, 132, 187, 208, 89, 18, 169, 200, \
        196, 135, 130, 116, 188, 159, 86, 164, 100, 109, 198, 173, 186, 3, 64, 52, 217, 226, 250, 124, 123, \
        5, 202, 38, 147, 118, 126, 255, 82, 85, 212, 207, 206, 59, 227, 47, 16, 58, 17, 182, 189, 28, 42, \
        223, 183, 170, 213, 119, 248, 152, 2, 44, 154, 163, 70, 221, 153, 101, 155, 167, 43, 172, 9, 129, \
        22, 39, 253, 19, 98, 108, 110, 79, 113, 224, 232, 178, 185, 112, 104, 218, 246, 97, 228, 251, 34, \
        242, 193, 238, 210, 144, 12, 191, 179, 162, 241, 81, 51, 145, 235, 249, 14, 239, 107, 49, 192, 214, \
        31, 181, 199, 106, 157, 184, 84, 204, 176, 115, 121, 50, 45, 127, 4, 150, 254, 138, 236, 205, 93, \
        222, 114, 67, 29, 24, 72, 243, 141, 128, 195, 78, 66, 215, 61, 156, 180

const limit_permutation sn_limit_permutation = {{PERMUTATION}, {PERMUTATION, PERMUTATION}};

/* ---- AVX-512: 64 points ---- */

typedef struct table_64 {
    __m512i part[4];
} table_64;

static inline ON_AVX512_BYTES table_64 load_table(const uint8_t *permutation)
{
    table_64 t;
    for (int k = 0; k < 4; k++)
        t.part[k] = _mm512_loadu_si512(permutation + 64 * k);
    return t;
}

static inline ON_AVX512_BYTES __m512i look_up_64(const table_64 *t, __m512i i)
{
    const __m512i low = _mm512_permutex2var_epi8(t->part[0], i, t->part[1]);
    const __m512i high = _mm512_permutex2var_epi8(t->part[2], i, t->part[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(i), low, high);
}

static inline ON_AVX512_BYTES __m512 fade_16(__m512 t)
{
    const __m512 a = _mm512_fmadd_ps(t, _mm512_set1_ps(6), _mm512_set1_ps(-15));
    const __m512 b = _mm512_fmadd_ps(t, a, _mm512_set1_ps(10));
    return _mm512_mul_ps(_mm512_mul_ps(_mm512_mul_ps(t, t), t), b);
}

static inline ON_AVX512_BYTES __m512 lerp_16(__m512 t, __m512 a, __m512 b)
{
    return _mm512_fmadd_ps(t, _mm512_sub_ps(b, a), a);
}

static inline ON_AVX512_BYTES __m512 negate_16(__m512 v, __mmask16 where)
{
    const __m512i bits = _mm512_castps_si512(v);
    return _mm512_castsi512_ps(_mm512_mask_xor_epi32(bits, where, bits, _mm512_set1_epi32(INT32_MIN)));
}

/* The signs that one corner of the cell takes at 64 points: bit 0 of its hash negates x, bit 1 y. */
typedef struct corner_64 {
    __mmask64 x, y;
} corner_64;

static inline ON_AVX512_BYTES corner_64 corner_of(const table_64 *t, __m512i i)
{
    const __m512i hash = look_up_64(t, i);
    return (corner_64){_mm512_test_epi8_mask(hash, _mm512_set1_epi8(1)),
                       _mm512_test_epi8_mask(hash, _mm512_set1_epi8(2))};
}

static inline ON_AVX512_BYTES __m512 gradient_16(corner_64 c, int quarter, __m512 x, __m512 y)
{
    const __mmask16 mx = (__mmask16)(c.x >> (16 * quarter)), my = (__mmask16)(c.y >> (16 * quarter));
    return _mm512_add_ps(negate_16(x, mx), negate_16(y, my));
}

static inline ON_AVX512_BYTES __m512i join_bytes(const __m128i quarter[4])
{
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(quarter[0]), quarter[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(quarter[2]), quarter[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* Splits 64 coordinates into cell numbers modulo 256 and places within the cell. */
static inline ON_AVX512_BYTES __m512i split_64(const float *at, __m512 within[4])
{
    __m128i cell[4];
    for (int k = 0; k < 4; k++) {
        const __m512 v = _mm512_mul_ps(_mm512_loadu_ps(at + 16 * k), _mm512_set1_ps(4));
        const __m512 floor = _mm512_roundscale_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
        within[k] = _mm512_sub_ps(v, floor);
        cell[k] = _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(floor));
    }
    return join_bytes(cell);
}

static inline ON_AVX512_BYTES void perlin_64(const table_64 *t, const float *x, const float *y, float *out)
{
    const __m512i next = _mm512_set1_epi8(1);
    const __m512 one = _mm512_set1_ps(1), half = _mm512_set1_ps(0.5f);
    __m512 px[4], py[4];
    const __m512i cx = split_64(x, px), cy = split_64(y, py);
    const __m512i left = _mm512_add_epi8(look_up_64(t, cx), cy);
    const __m512i right = _mm512_add_epi8(look_up_64(t, _mm512_add_epi8(cx, next)), cy);
    const corner_64 c00 = corner_of(t, left), c10 = corner_of(t, right);
    const corner_64 c01 = corner_of(t, _mm512_add_epi8(left, next));
    const corner_64 c11 = corner_of(t, _mm512_add_epi8(right, next));
    for (int k = 0; k < 4; k++) {
        const __m512 x0 = px[k], y0 = py[k];
        const __m512 x1 = _mm512_sub_ps(x0, one), y1 = _mm512_sub_ps(y0, one);
        const __m512 u = fade_16(x0);
        const __m512 below = lerp_16(u, gradient_16(c00, k, x0, y0), gradient_16(c10, k, x1, y0));
        const __m512 above = lerp_16(u, gradient_16(c01, k, x0, y1), gradient_16(c11, k, x1, y1));
        const __m512 noise = lerp_16(fade_16(y0), below, above);
        _mm512_storeu_ps(out + 16 * k, _mm512_fmadd_ps(noise, half, half));
    }
}

/* The tail takes the same 64 points, as copies: a look-up of bytes cannot be cut into smaller ones. */
ON_AVX512_BYTES void sn_limit_perlin_avx512(const limit_call *call)
{
    const table_64 t = load_table(((const limit_permutation *)call->numbers)->bytes);
    const float *x = call->inputs[0], *y = call->inputs[1];
    float *out = call->outputs[0];
    int64_t i = 0;
    for (; i + 64 <= call->count; i += 64)
        perlin_64(&t, x + i, y + i, out + i);
    if (i < call->count) {
        const size_t bytes = (size_t)(call->count - i) * sizeof(float);
        float tail_x[64] = {0}, tail_y[64] = {0}, tail_out[64];
        memcpy(tail_x, x + i, bytes);
        memcpy(tail_y, y + i, bytes);
        perlin_64(&t, tail_x, tail_y, tail_out);
        memcpy(out + i, tail_out, bytes);
    }
}

/* ---- AVX2 ---- */

static inline ON_AVX2 __m256 fade_8(__m256 t)
{
    const __m256 a = _mm256_fmadd_ps(t, _mm256_set1_ps(6), _mm256_set1_ps(-15));
    const __m256 b = _mm256_fmadd_ps(t, a, _mm256_set1_ps(10));
    return _mm256_mul_ps(_mm256_mul_ps(_mm256_mul_ps(t, t), t), b);
}

static inline ON_AVX2 __m256 lerp_8(__m256 t, __m256 a, __m256 b)
{
    return _mm256_fmadd_ps(t, _mm256_sub_ps(b, a), a);
}

/* Negates v where the top bit of the other is set. */
static inline ON_AVX2 __m256 negate_8(__m256 v, __m256i at_top)
{
    return _mm256_xor_ps(v, _mm256_castsi256_ps(_mm256_and_si256(at_top, _mm256_set1_epi32(INT32_MIN))));
}

static inline ON_AVX2 __m256 gradient_8(__m256i hash, __m256 x, __m256 y)
{
    const __m256 gx = negate_8(x, _mm256_slli_epi32(hash, 31)), gy = negate_8(y, _mm256_slli_epi32(hash, 30));
    return _mm256_add_ps(gx, gy);
}

static inline ON_AVX2 __m256i look_up_8(const int32_t *t, __m256i i)
{
    return _mm256_i32gather_epi32(t, i, 4);
}

static inline ON_AVX2 __m256i split_8(__m256 at, __m256 *within)
{
    const __m256 v = _mm256_mul_ps(at, _mm256_set1_ps(4)), floor = _mm256_floor_ps(v);
    *within = _mm256_sub_ps(v, floor);
    return _mm256_and_si256(_mm256_cvttps_epi32(floor), _mm256_set1_epi32(255));
}

static inline ON_AVX2 __m256 perlin_8(const int32_t *t, __m256 x, __m256 y)
{
    const __m256i next = _mm256_set1_epi32(1);
    const __m256 one = _mm256_set1_ps(1), half = _mm256_set1_ps(0.5f);
    __m256 x0, y0;
    const __m256i cx = split_8(x, &x0), cy = split_8(y, &y0);
    const __m256i left = _mm256_add_epi32(look_up_8(t, cx), cy);
    const __m256i right = _mm256_add_epi32(look_up_8(t, _mm256_add_epi32(cx, next)), cy);
    const __m256i h00 = look_up_8(t, left), h10 = look_up_8(t, right);
    const __m256i h01 = look_up_8(t, _mm256_add_epi32(left, next));
    const __m256i h11 = look_up_8(t, _mm256_add_epi32(right, next));
    const __m256 x1 = _mm256_sub_ps(x0, one), y1 = _mm256_sub_ps(y0, one);
    const __m256 u = fade_8(x0);
    const __m256 below = lerp_8(u, gradient_8(h00, x0, y0), gradient_8(h10, x1, y0));
    const __m256 above = lerp_8(u, gradient_8(h01, x0, y1), gradient_8(h11, x1, y1));
    return _mm256_fmadd_ps(lerp_8(fade_8(y0), below, above), half, half);
}

ON_AVX2 void sn_limit_perlin_avx2(const limit_call *call)
{
    const int32_t *t = ((const limit_permutation *)call->numbers)->twice;
    const float *x = call->inputs[0], *y = call->inputs[1];
    float *out = call->outputs[0];
    int64_t i = 0;
    for (; i + 8 <= call->count; i += 8)
        _mm256_storeu_ps(out + i, perlin_8(t, _mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    if (i < call->count) {
        const __m256i m = first_8(call->count - i);
        const __m256 tail_x = _mm256_maskload_ps(x + i, m), tail_y = _mm256_maskload_ps(y + i, m);
        _mm256_maskstore_ps(out + i, m, perlin_8(t, tail_x, tail_y));
    }
}
#endif
