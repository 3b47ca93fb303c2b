/* The inner loop of scalar loops: all operations of one element, then the next. A template: the including
 * file defines LOOP (static, with the target) and has elements.h and block_loops.h. */

#define R(place) r[at->place]

#define CASE_1(NAME, type, T_R, T_A) \
    case SCALAR_CODE(IR_##NAME, type): R(out).T_R = NAME##_##T_A(R(a).T_A); break;
#define CASE_2(NAME, type, T_R, T_A) \
    case SCALAR_CODE(IR_##NAME, type): R(out).T_R = NAME##_##T_A(R(a).T_A, R(b).T_A); break;
#define CASE_3(NAME, type, T_R, T_A) \
    case SCALAR_CODE(IR_##NAME, type): R(out).T_R = NAME##_##T_A(R(a).T_A, R(b).T_A, R(c).T_A); break;

#define CASES_FLOAT(NAME, operands)                          \
    JOIN(CASE_, operands)(NAME, TYPE_F32, f32, f32)          \
    JOIN(CASE_, operands)(NAME, TYPE_F64, f64, f64)
#define CASES_NUMBER(NAME, operands)                         \
    CASES_FLOAT(NAME, operands)                              \
    JOIN(CASE_, operands)(NAME, TYPE_I32, i32, i32)
#define CASES_INT(NAME, operands) JOIN(CASE_, operands)(NAME, TYPE_I32, i32, i32)
#define CASES_LOGIC(NAME, operands) CASES_INT(NAME, operands)
#define CASES_COMPARE(NAME, operands)                        \
    CASE_2(NAME, TYPE_F32, i32, f32)                         \
    CASE_2(NAME, TYPE_F64, i32, f64)                         \
    CASE_2(NAME, TYPE_I32, i32, i32)
#define CASES_CHOOSE(NAME, operands)                         \
    case SCALAR_CODE(IR_##NAME, TYPE_F32):                   \
    case SCALAR_CODE(IR_##NAME, TYPE_F64):                   \
    case SCALAR_CODE(IR_##NAME, TYPE_I32):                   \
        R(out).u64 = NAME##_u64(R(a).i32, R(b).u64, R(c).u64); break;
#define CASE_CONVERT(from, to, T_A, T_R) \
    case SCALAR_CONVERT + (from)*TYPES + (to): R(out).T_R = CVT_##T_A##_##T_R(R(a).T_A); break;
#define CASES_CONVERT(NAME, operands)                        \
    CASE_CONVERT(TYPE_F32, TYPE_F64, f32, f64)               \
    CASE_CONVERT(TYPE_F32, TYPE_I32, f32, i32)               \
    CASE_CONVERT(TYPE_F64, TYPE_F32, f64, f32)               \
    CASE_CONVERT(TYPE_F64, TYPE_I32, f64, i32)               \
    CASE_CONVERT(TYPE_I32, TYPE_F32, i32, f32)               \
    CASE_CONVERT(TYPE_I32, TYPE_F64, i32, f64)
#define CASES_BITS(NAME, operands)      /* the operand itself */
#define CASES_FROM_BITS(NAME, operands) /* the operand itself */
#define CASES_HALF(NAME, operands) CASE_1(NAME, TYPE_F64, i32, u64)
#define CASES_PACK(NAME, operands) CASE_2(NAME, TYPE_I32, u64, i32)

#define CASES_IF_LEAF(NAME, operands, rule)
#define CASES_IF_PURE(NAME, operands, rule) CASES_##rule(NAME, operands)
#define CASES_IF_MATH(NAME, operands, rule)
#define CASES_IF_MEMORY(NAME, operands, rule)
#define CASES_IF_EFFECT(NAME, operands, rule)
#define CASES_IF_PLAN(NAME, operands, rule)

#define POINTER(slot) ((void *)(uintptr_t)frame[slot])

ELEMENT int32_t clamp_delay(int32_t delay, uint64_t bounds)
{
    const int32_t least = (int32_t)(uint32_t)bounds, most = (int32_t)(uint32_t)(bounds >> 32);
    return delay < least ? least : delay > most ? most : delay;
}

ELEMENT void move_lines(const scalar_body *body, uint64_t *frame, scalar_value *r, bool in)
{
    for (const scalar_line *line = body->lines, *end = line + body->line_count; line < end; line++) {
        char *at = POINTER(line->slot);
        for (uint32_t k = 0; k < line->length; k++, at += line->size) {
            if (in)
                memcpy(&r[line->first + k], at, line->size);
            else
                memcpy(at, &r[line->first + k], line->size);
        }
    }
}

LOOP run_scalar(const scalar_body *body, const uint64_t *constants, uint64_t *frame, int64_t begin,
                int64_t end, void *workspace)
{
    scalar_value *r = workspace;
    for (uint32_t k = 0; k < body->pin_count; k++) {
        const interp_place from = body->pins[k].from;
        r[body->pins[k].out].u64 =
            (sn_interp_space(from) == SPACE_CONST ? constants : frame)[from & PLACE_MASK];
    }
    move_lines(body, frame, r, true);
    for (int64_t i = begin; i < end; i++) {
        for (const scalar_op *at = body->ops; at->code != SCALAR_END; at++) {
            switch (at->code) {
#define X(NAME, text, operands, immediates, rule, kind) CASES_IF_##kind(NAME, operands, rule)
                SINTER_OPERATIONS(X)
#undef X
            case SCALAR_CONST: R(out).u64 = constants[at->a]; break;
            case SCALAR_UNIFORM: R(out).u64 = frame[at->a]; break;
            case SCALAR_MOVE: R(out).u64 = R(a).u64; break;
            case SCALAR_READ_4: R(out).u32 = ((const u32_at *)POINTER(at->a))[i - at->b]; break;
            case SCALAR_READ_8: R(out).u64 = ((const u64_at *)POINTER(at->a))[i - at->b]; break;
            case SCALAR_READV_4:
                R(out).u32 = ((const u32_at *)POINTER(at->b))[i - clamp_delay(R(a).i32, constants[at->c])];
                break;
            case SCALAR_READV_8:
                R(out).u64 = ((const u64_at *)POINTER(at->b))[i - clamp_delay(R(a).i32, constants[at->c])];
                break;
            case SCALAR_INDEX: R(out).f64 = *(const f64_at *)&frame[at->a] + (double)i; break;
            case SCALAR_COLUMN: R(out).u32 = (uint32_t)frame[at->a] + (uint32_t)i; break;
            case SCALAR_LOAD_U8: R(out).i32 = ((const u8_at *)POINTER(at->b))[R(a).i32]; break;
            case SCALAR_LOAD_I16: R(out).i32 = ((const i16_at *)POINTER(at->b))[R(a).i32]; break;
            case SCALAR_LOAD_4: R(out).u32 = ((const u32_at *)POINTER(at->b))[R(a).i32]; break;
            case SCALAR_LOAD_8: R(out).u64 = ((const u64_at *)POINTER(at->b))[R(a).i32]; break;
            case SCALAR_STORE_U8: ((u8_at *)POINTER(at->c))[R(a).i32] = (uint8_t)R(b).u32; break;
            case SCALAR_STORE_I16: ((i16_at *)POINTER(at->c))[R(a).i32] = (int16_t)R(b).u32; break;
            case SCALAR_STORE_4: ((u32_at *)POINTER(at->c))[R(a).i32] = R(b).u32; break;
            case SCALAR_STORE_8: ((u64_at *)POINTER(at->c))[R(a).i32] = R(b).u64; break;
            case SCALAR_WRITE_4: ((u32_at *)POINTER(at->b))[i] = R(a).u32; break;
            case SCALAR_WRITE_8: ((u64_at *)POINTER(at->b))[i] = R(a).u64; break;
            case SCALAR_SET_4: frame[at->b] = R(a).u32; break;
            case SCALAR_SET_8: frame[at->b] = R(a).u64; break;
            case SCALAR_SUM_F32: ((f32_at *)POINTER(at->b))[i & 63] += R(a).f32; break;
            case SCALAR_SUM_F64: ((f64_at *)POINTER(at->b))[i & 31] += R(a).f64; break;
            case SCALAR_SUMP_F32: {
                f32_at *sum = (f32_at *)POINTER(at->c) + (i & 63);
                *sum = __builtin_fmaf(R(a).f32, R(b).f32, *sum);
                break;
            }
            case SCALAR_SUMP_F64: {
                f64_at *sum = (f64_at *)POINTER(at->c) + (i & 31);
                *sum = __builtin_fma(R(a).f64, R(b).f64, *sum);
                break;
            }
            case SCALAR_HOLD:
                for (uint32_t k = 1; k < at->c; k++)
                    r[at->b + k - 1].u64 = r[at->b + k].u64;
                r[at->b + at->c - 1].u64 = R(a).u64;
                break;
            case SCALAR_COLD:
                if (!R(a).i32) {
                    at = body->ops + at->c;
                    R(out).u64 = R(c).u64;
                }
                break;
            default: break;
            }
        }
    }
    move_lines(body, frame, r, false);
}

#undef R
