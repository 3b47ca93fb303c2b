/* The walk over a body, with the commonest operations in line.
 *
 * Nine operations of ten are arithmetic on registers, or on a constant from the pool, and one instruction each. Asking the allocator for
 * operand after operand and the encoder for the instruction takes them 350 instructions; here, where everything that they need is looked
 * at once, it takes a third. Every function below either does its operation whole, or returns false: then select.c does it, which can do
 * everything, and where both can they write the same. So this file decides nothing; it is quick. Operands that are in no register are
 * brought there by sn_use, in the order in which select.c asks for them: what was brought before a function gives up is found by it.
 * Joint values are none of its business: whatever makes one goes to select.c and from there to lookup.c. */
#include "code/walk.h"
#include "code/x64/encodings.h"
#include "code/x64/writing.h"

enum { BASE = X64_R10 }; /* of the pool */
enum { IN_NO_REGISTER = CODE_NO_REGISTER & ~63 }; /* bits that no register's number has */
_Static_assert(CODE_REGISTERS <= 64, "numbers of registers have six bits");

typedef enum way { BY_SELECTION, BY_TWO, BY_FUSION, BY_RENAMING, BY_COMPARISON, BY_CHOICE, BY_SHIFT, BY_ROOT, BY_SIGN, BY_CONVERSION } way;

static const uint8_t ways[IR_CODES] = {
    [IR_ADD] = BY_TWO, [IR_SUB] = BY_TWO, [IR_MUL] = BY_TWO, [IR_DIV] = BY_TWO, [IR_MIN] = BY_TWO, [IR_MAX] = BY_TWO,
    [IR_AND] = BY_TWO, [IR_OR] = BY_TWO, [IR_XOR] = BY_TWO,
    [IR_FMA] = BY_FUSION, [IR_FMS] = BY_FUSION, [IR_FNMA] = BY_FUSION,
    [IR_BITS] = BY_RENAMING, [IR_FROM_BITS] = BY_RENAMING,
    [IR_LT] = BY_COMPARISON, [IR_LE] = BY_COMPARISON, [IR_EQ] = BY_COMPARISON, [IR_NE] = BY_COMPARISON,
    [IR_SELECT] = BY_CHOICE, [IR_SHL] = BY_SHIFT, [IR_SAR] = BY_SHIFT, [IR_SHR] = BY_SHIFT,
    [IR_SQRT] = BY_ROOT, [IR_ABS] = BY_SIGN, [IR_NEG] = BY_SIGN, [IR_CVT] = BY_CONVERSION,
};

/* ---- writing ---- */

static inline void write_reg(x64_writer *w, unsigned insn, unsigned l, unsigned d, unsigned a, unsigned b)
{
    x64_code *c = &w->buffer[w->at].code;
    const x64_encoding *e = &sn_x64_encodings[insn];
    if (((d | a | b) & 16) | (l & 2))
        c->at = store_evex_reg(c->at, e, l, d, a, b);
    else
        c->at = store_vex_reg(c->at, e, l, d, a, b);
}

/* ModRM and displacement of what lies in the pool: no branch asks how far. */
static inline uint8_t *store_place(uint8_t *at, unsigned reg, int32_t disp, unsigned unit)
{
    const int32_t count = disp >> unit;
    const bool is_short = count == (int8_t)count && (disp & ((1 << unit) - 1)) == 0;
    const unsigned mod = disp == 0 ? 0 : is_short ? 1 : 2;
    *at = (uint8_t)modrm(mod, reg, BASE);
    store32(at + 1, (uint32_t)(is_short ? count : disp));
    return at + 1 + (mod == 2 ? 4 : mod);
}

/* With the constant at `place` of the pool as b: where the loop has AVX-512's vectors one element, repeated, else as wide as they are. */
static inline void write_mem(x64_writer *w, unsigned insn, unsigned l, unsigned d, unsigned a, uint32_t place)
{
    x64_code *c = &w->buffer[w->at].code;
    const x64_encoding *e = &sn_x64_encodings[insn];
    const int32_t disp = (int32_t)place - X64_POOL_BIAS;
    const uint32_t base = (BASE & 8) << 10;
    if (w->mask_registers) {
        const uint32_t word = e->evex ^ reg_bits(d) ^ third_bits(a) ^ base ^ X64_BROADCAST << 24 ^ l << 29;
        c->at = store_place(store_evex(c->at, word, e), d, disp, e->units >> 24 & 7);
    } else { /* B is set, so the prefix is the long one */
        store32(c->at, e->vex ^ (d & 8) << 12 ^ a << 19 ^ base ^ l << 18);
        c->at = store_place(c->at + 4, d, disp, 0);
    }
}

/* ---- operands in the pool ---- */

/* Is it a constant that no register holds, and that instructions on this type can read from the pool? */
static inline bool is_in_pool(const x64_writer *w, const code_operand *o, uint32_t value, const x64_form *form)
{
    return (o->reg & IN_NO_REGISTER) && w->a.ops[value].code == IR_CONST && form->constants;
}

static inline uint32_t place_of(x64_writer *w, const code_operand *o, uint32_t value, const x64_form *form)
{
    uint32_t *place = &w->a.slots[o->index + CODE_MAX_COPIES - 1];
    if (!(o->value->traits & CODE_NOTED)) {
        const ir_op *op = &w->a.ops[value];
        o->value->traits |= CODE_NOTED;
        *place = sn_x64_pool_element(w->pool, op->a | (uint64_t)op->b << 32, op->type == IR_F64 ? 8 : 4, form->constants);
    }
    return *place;
}

/* ---- operations of two operands ---- */

static inline bool is_in_memory(const allocation *a, uint32_t value) /* or would be, as far as sn_use_is_memory goes */
{
    return a->values[value].where[0] == CODE_NO_REGISTER && !(a->values[value].traits & CODE_APART);
}

/* x op constant */
static bool two_with_constant(x64_writer *w, uint32_t first, uint32_t second, unsigned dies, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    const code_operand x = operand_of(a, first), y = operand_of(a, second);
    const unsigned gives = gives_up(&x, dies);
    const uint64_t free = a->free | (uint64_t)gives << x.reg, kind = free & a->vectors;
    if (!kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, dies));
    const uint32_t place = place_of(w, &y, second, form);
    settle_operand(a, &x, gives);
    const unsigned d = any_of(a, kind);
    settle_result(a, free, d);
    write_mem(w, insn, form->l, d, x.reg, place);
    return true;
}

static inline bool two_in_registers(x64_writer *w, const ir_op *op, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    const code_operand x = operand_of(a, op->a), y = operand_of(a, op->b);
    const unsigned dying = dying_now(a), x_dies = dying & 1, y_dies = dying >> 1 & 1;
    const unsigned x_gives = gives_up(&x, x_dies), y_gives = gives_up(&y, y_dies);
    const uint64_t free = a->free | (uint64_t)x_gives << x.reg | (uint64_t)y_gives << y.reg, kind = free & a->vectors;
    if (!kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, x_dies) | has_slot_to_give_up(&y, y_dies));
    settle_operand(a, &y, y_gives);
    settle_operand(a, &x, x_gives);
    const unsigned d = any_of(a, kind);
    settle_result(a, free, d);
    write_reg(w, insn, form->l, d, x.reg, y.reg);
    return true;
}

/* Some operand is in no register. */
static bool two_brought(x64_writer *w, const ir_op *op, unsigned insn, const x64_form *form, bool commutes)
{
    allocation *a = &w->a;
    const bool turned = commutes && is_in_memory(a, op->a) && !is_in_memory(a, op->b);
    const uint32_t first = turned ? op->b : op->a, second = turned ? op->a : op->b;
    sn_use(a, first);
    const code_operand y = operand_of(a, second);
    if (is_in_pool(w, &y, second, form))
        return two_with_constant(w, first, second, dying_now(a) >> turned & 1, insn, form);
    if (turned || (y.reg & IN_NO_REGISTER && a->ops[second].code == IR_UNIFORM))
        return false;
    sn_use(a, second);
    return two_in_registers(w, op, insn, form);
}

static inline bool two(x64_writer *w, const ir_op *op, const x64_counterpart *how)
{
    const x64_form *form = &w->forms[op->type];
    const bool whole = op->type > IR_F64;
    const unsigned insn = (whole ? (unsigned)how->integers : how->floats) + form->variant;
    const code_operand x = operand_of(&w->a, op->a), y = operand_of(&w->a, op->b);
    if ((x.reg | y.reg) & IN_NO_REGISTER)
        return two_brought(w, op, insn, form, whole ? how->integers_commute : how->floats_commute);
    return two_in_registers(w, op, insn, form);
}

/* ---- fused operations ---- */

/* x·y ± constant */
static bool fused_with_constant(x64_writer *w, const ir_op *op, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    const code_operand x = operand_of(a, op->a), y = operand_of(a, op->b), z = operand_of(a, op->c);
    const unsigned dying = dying_now(a), x_dies = dying & 1, y_dies = dying >> 1 & 1;
    const unsigned x_gives = gives_up(&x, x_dies), y_gives = gives_up(&y, y_dies), copied = !(x_gives | y_gives);
    const uint64_t kind = a->free & a->vectors;
    if (copied && !kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, x_dies) | has_slot_to_give_up(&y, y_dies));
    const uint32_t place = place_of(w, &z, op->c, form);
    const unsigned d = copied ? any_of(a, kind) : x_gives ? x.reg : y.reg, other = op->a == op->b ? d : x_gives | copied ? y.reg : x.reg;
    settle_operand(a, &y, y_gives);
    settle_operand(a, &x, x_gives);
    settle_result(a, a->free | (uint64_t)x_gives << x.reg | (uint64_t)y_gives << y.reg, d);
    if (copied)
        write_reg(w, X64_VMOVAPS, form->l, d, 0, x.reg);
    write_mem(w, fused_form(insn, X64_FORM_213), form->l, d, other, place);
    return true;
}

/* x·constant ± z; turned: constant·x ± z */
static bool fused_by_constant(x64_writer *w, const ir_op *op, bool turned, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    const uint32_t factor = turned ? op->b : op->a, constant = turned ? op->a : op->b;
    const code_operand x = operand_of(a, factor), y = operand_of(a, constant), z = operand_of(a, op->c);
    const unsigned dying = dying_now(a), x_dies = dying >> turned & 1, z_dies = dying >> 2 & 1;
    const unsigned x_gives = gives_up(&x, x_dies), z_gives = gives_up(&z, z_dies), copied = !(x_gives | z_gives);
    const uint64_t kind = a->free & a->vectors;
    if (copied && !kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, x_dies) | has_slot_to_give_up(&z, z_dies));
    const uint32_t place = place_of(w, &y, constant, form);
    const unsigned d = copied ? any_of(a, kind) : z_gives ? z.reg : x.reg, over_z = z_gives | copied;
    settle_operand(a, &z, z_gives);
    settle_operand(a, &x, x_gives);
    settle_result(a, a->free | (uint64_t)x_gives << x.reg | (uint64_t)z_gives << z.reg, d);
    if (copied)
        write_reg(w, X64_VMOVAPS, form->l, d, 0, z.reg);
    write_mem(w, fused_form(insn, over_z ? X64_FORM_231 : X64_FORM_132), form->l, d, over_z ? x.reg : z.reg, place);
    return true;
}

static inline bool fused_in_registers(x64_writer *w, const ir_op *op, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    const code_operand x = operand_of(a, op->a), y = operand_of(a, op->b), z = operand_of(a, op->c);
    const unsigned dying = dying_now(a), x_dies = dying & 1, y_dies = dying >> 1 & 1, z_dies = dying >> 2 & 1;
    const unsigned x_gives = gives_up(&x, x_dies), y_gives = gives_up(&y, y_dies), z_gives = gives_up(&z, z_dies);
    const unsigned copied = !(x_gives | y_gives | z_gives), over_z = z_gives | copied;
    const uint64_t kind = a->free & a->vectors;
    if (copied && !kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, x_dies) | has_slot_to_give_up(&y, y_dies) | has_slot_to_give_up(&z, z_dies));
    /* over z if it dies, else over x, else over y, else over a copy of z */
    const unsigned d = copied ? any_of(a, kind) : z_gives ? z.reg : x_gives ? x.reg : y.reg;
    const unsigned second = (x_gives & ~z_gives) ? y.reg : x.reg, third = over_z ? y.reg : z.reg;
    settle_operand(a, &z, z_gives);
    settle_operand(a, &y, y_gives);
    settle_operand(a, &x, x_gives);
    settle_result(a, a->free | (uint64_t)x_gives << x.reg | (uint64_t)y_gives << y.reg | (uint64_t)z_gives << z.reg, d);
    if (copied)
        write_reg(w, X64_VMOVAPS, form->l, d, 0, z.reg);
    write_reg(w, fused_form(insn, over_z ? X64_FORM_231 : X64_FORM_213), form->l, d, second, third);
    return true;
}

/* Some operand is in no register. */
static bool fused_brought(x64_writer *w, const ir_op *op, unsigned insn, const x64_form *form)
{
    allocation *a = &w->a;
    if (is_in_memory(a, op->c)) {
        const code_operand z = operand_of(a, op->c);
        if (!is_in_pool(w, &z, op->c, form))
            return false;
        place_of(w, &z, op->c, form); /* before others find their places */
        sn_use(a, op->a);
        sn_use(a, op->b);
        return fused_with_constant(w, op, insn, form);
    }
    const bool turned = is_in_memory(a, op->a);
    const uint32_t constant = turned ? op->a : op->b;
    sn_use(a, turned ? op->b : op->a);
    sn_use(a, op->c);
    const code_operand y = operand_of(a, constant);
    if (is_in_pool(w, &y, constant, form))
        return fused_by_constant(w, op, turned, insn, form);
    if (turned || (y.reg & IN_NO_REGISTER && a->ops[constant].code == IR_UNIFORM))
        return false;
    sn_use(a, constant);
    return fused_in_registers(w, op, insn, form);
}

static inline bool fused(x64_writer *w, const ir_op *op, const x64_counterpart *how)
{
    if (op->a == op->c || op->b == op->c)
        return false;
    const x64_form *form = &w->forms[op->type];
    const unsigned insn = (unsigned)how->floats + form->variant;
    const code_operand x = operand_of(&w->a, op->a), y = operand_of(&w->a, op->b), z = operand_of(&w->a, op->c);
    return (x.reg | y.reg | z.reg) & IN_NO_REGISTER ? fused_brought(w, op, insn, form) : fused_in_registers(w, op, insn, form);
}

/* ---- bits of a number, a number of bits ---- */

static inline bool renamed(x64_writer *w, const ir_op *op)
{
    allocation *a = &w->a;
    sn_use(a, op->a);
    const code_operand x = operand_of(a, op->a);
    const unsigned dies = dying_now(a) & 1, gives = gives_up(&x, dies);
    const uint64_t kind = a->free & a->vectors;
    if (!(gives | (kind != 0)))
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, dies));
    settle_operand(a, &x, gives);
    if (gives) {
        settle_result(a, a->free, x.reg);
        return true;
    }
    const unsigned d = any_of(a, kind);
    settle_result(a, a->free, d);
    write_reg(w, X64_VMOVAPS, w->forms[IR_I32].l, d, 0, x.reg);
    return true;
}

/* ---- comparisons and choices, where masks are vectors ---- */

static inline void write_immediate(x64_writer *w, unsigned immediate)
{
    *w->buffer[w->at].code.at++ = (uint8_t)immediate;
}

/* A sign, which select.c shifts into place where the zero is in no register. */
static inline bool asks_for_sign(const allocation *a, const ir_op *op)
{
    return op->code == IR_LT && a->ops[op->a].type > IR_F64 && a->ops[op->b].code == IR_CONST && a->ops[op->b].a == 0;
}

static inline bool compared(x64_writer *w, const ir_op *op, const x64_counterpart *how)
{
    allocation *a = &w->a;
    const unsigned type = a->ops[op->a].type;
    const bool whole = type > IR_F64;
    const x64_form *form = &w->forms[type];
    const unsigned insn = whole ? how->integers : (unsigned)how->floats + form->variant;
    if (!insn || (w->loop->widest == 8 && type != IR_F64) || asks_for_sign(a, op)) /* a mask has the loop's widest lanes */
        return false;
    sn_use(a, op->a);
    sn_use(a, op->b);
    const code_operand x = operand_of(a, op->a), y = operand_of(a, op->b);
    const unsigned dying = dying_now(a), x_dies = dying & 1, y_dies = dying >> 1 & 1;
    const unsigned x_gives = gives_up(&x, x_dies), y_gives = gives_up(&y, y_dies);
    const uint64_t free = a->free | (uint64_t)x_gives << x.reg | (uint64_t)y_gives << y.reg, kind = free & a->vectors;
    if (!kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&x, x_dies) | has_slot_to_give_up(&y, y_dies));
    settle_operand(a, &y, y_gives);
    settle_operand(a, &x, x_gives);
    const unsigned d = any_of(a, kind);
    settle_result(a, free, d);
    if (whole) {
        write_reg(w, insn, form->l, d, y.reg, x.reg); /* y > x, y = x */
    } else {
        write_reg(w, insn, form->l, d, x.reg, y.reg);
        write_immediate(w, how->immediate);
    }
    return true;
}

static inline bool chosen(x64_writer *w, const ir_op *op)
{
    allocation *a = &w->a;
    const bool wide_mask = w->loop->widest == 8, wide = op->type == IR_F64 || (op->type == IR_MASK && wide_mask);
    if (wide_mask && !wide && !w->scalar) /* the mask has to be made narrower */
        return false;
    sn_use(a, op->a);
    sn_use(a, op->c);
    sn_use(a, op->b);
    const code_operand m = operand_of(a, op->a), y = operand_of(a, op->b), z = operand_of(a, op->c);
    const unsigned dying = dying_now(a), m_dies = dying & 1, y_dies = dying >> 1 & 1, z_dies = dying >> 2 & 1;
    const unsigned m_gives = gives_up(&m, m_dies), y_gives = gives_up(&y, y_dies), z_gives = gives_up(&z, z_dies);
    const uint64_t free = a->free | (uint64_t)m_gives << m.reg | (uint64_t)y_gives << y.reg | (uint64_t)z_gives << z.reg;
    const uint64_t kind = free & a->vectors;
    if (!kind)
        return false;
    give_up_slots(a, has_slot_to_give_up(&m, m_dies) | has_slot_to_give_up(&y, y_dies) | has_slot_to_give_up(&z, z_dies));
    settle_operand(a, &z, z_gives);
    settle_operand(a, &y, y_gives);
    settle_operand(a, &m, m_gives);
    const unsigned d = any_of(a, kind);
    settle_result(a, free, d);
    write_reg(w, X64_VBLENDVPS + wide, w->forms[op->type].l, d, z.reg, y.reg);
    write_immediate(w, m.reg << 4);
    return true;
}

/* ---- operations of one operand ---- */

/* Gives the operand up, whose register is `from` then, and takes one for the result: CODE_NO_REGISTER if that is not simple. */
static inline unsigned replace_operand(allocation *a, uint32_t operand, unsigned *from)
{
    *from = sn_use(a, operand);
    const code_operand x = operand_of(a, operand);
    const unsigned dies = dying_now(a) & 1, gives = gives_up(&x, dies);
    const uint64_t free = a->free | (uint64_t)gives << x.reg, kind = free & a->vectors;
    if (!kind)
        return CODE_NO_REGISTER;
    give_up_slots(a, has_slot_to_give_up(&x, dies));
    settle_operand(a, &x, gives);
    const unsigned d = any_of(a, kind);
    settle_result(a, free, d);
    return d;
}

/* Scalar instructions take the upper lanes from the operand. */
static inline bool rooted(x64_writer *w, const ir_op *op)
{
    const x64_form *form = &w->forms[op->type];
    unsigned from;
    const unsigned d = replace_operand(&w->a, op->a, &from);
    if (d == CODE_NO_REGISTER)
        return false;
    write_reg(w, X64_VSQRTPS + form->variant, form->l, d, w->scalar ? from : 0, from);
    return true;
}

/* Turned, or taken away. */
static bool with_sign(x64_writer *w, const ir_op *op)
{
    if (op->type > IR_F64)
        return false;
    unsigned from, decoration;
    const unsigned d = replace_operand(&w->a, op->a, &from);
    if (d == CODE_NO_REGISTER)
        return false;
    const uint64_t sign = sign_bit(op->type);
    const x64_mem m = pool_vector(w, op->code == IR_NEG ? sign : sign - 1, is_wide(op->type) ? 8 : 4, &decoration);
    mem3(w, doubled(op->code == IR_NEG ? X64_VXORPS : X64_VANDPS, op->type), register_length(w, op->type), decoration, d, from, &m);
    return true;
}

static bool shifted(x64_writer *w, const ir_op *op, const x64_counterpart *how)
{
    allocation *a = &w->a;
    const code_operand count = operand_of(a, op->b);
    const bool held = !(count.reg & IN_NO_REGISTER); /* the count may be in a register, for others */
    if (a->ops[op->b].code != IR_CONST || (held && gives_up(&count, dying_now(a) >> 1 & 1)))
        return false;
    unsigned from;
    const unsigned d = replace_operand(a, op->a, &from);
    if (d == CODE_NO_REGISTER)
        return false;
    const x64_length length = w->length4 == X64_SCALAR ? X64_128 : w->length4;
    sn_x64_reg_imm(&w->buffer[w->at].code, (x64_insn)how->integers, length, 0, d, 0, from, (uint8_t)(a->ops[op->b].a & 31));
    return true;
}

static bool converted(x64_writer *w, const ir_op *op)
{
    const unsigned type = w->a.ops[op->a].type, insn = sn_x64_conversions[type][op->type];
    unsigned from;
    const unsigned d = insn ? replace_operand(&w->a, op->a, &from) : CODE_NO_REGISTER;
    if (d == CODE_NO_REGISTER)
        return false;
    write_reg(w, insn, w->forms[type == IR_F64 || op->type == IR_F64 ? IR_F64 : IR_F32].l, d, 0, from);
    return true;
}

/* ---- the walk ---- */

static inline bool do_directly(x64_writer *w, const ir_op *op)
{
    const x64_counterpart *how = &sn_x64_counterparts[op->code];
    if (w->a.now->dying & (CODE_RESULT_DIES | CODE_RESULT_JOINT) || !w->forms[op->type].direct)
        return false;
    switch ((way)ways[op->code]) {
    case BY_TWO: return two(w, op, how);
    case BY_FUSION: return fused(w, op, how);
    case BY_RENAMING: return renamed(w, op);
    case BY_COMPARISON: return compared(w, op, how);
    case BY_CHOICE: return !w->mask_registers && chosen(w, op);
    case BY_SHIFT: return shifted(w, op, how);
    case BY_ROOT: return rooted(w, op);
    case BY_SIGN: return with_sign(w, op);
    case BY_CONVERSION: return converted(w, op);
    case BY_SELECTION: break;
    }
    return false;
}

static inline void do_operation(x64_writer *w, uint32_t position)
{
    allocation *a = &w->a;
    const ir_op *op = &a->ops[position];
    a->position = position;
    a->now = &a->uses[position];
    a->copy = a->first_copy;
    do {
        sn_x64_room(w);
        if (w->with_marks)
            sn_x64_mark(w, position);
        if (!do_directly(w, op)) {
            sn_x64_select(w, op, position);
            sn_allocate_end(a);
        }
        a->locked = 0;
    } while (++a->copy < a->end_copy);
    advance(a, op);
}

void sn_x64_walk(void *emitter, uint32_t first, uint32_t end)
{
    x64_writer *w = emitter;
    allocation *a = &w->a;
    for (uint32_t i = first; i < end && !a->failed; i++) {
        const unsigned traits = a->values[i].traits;
        if (traits & CODE_IS_COLD) {
            sn_allocate_pass_region(a, i);
            i = a->ops[i].b;
        } else if (!(traits & (CODE_LOADED | CODE_PINNED))) {
            do_operation(w, i);
        }
    }
}
