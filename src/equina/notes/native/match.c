/* The matcher: patterns as programs, tried from a letter on, the first way that succeeds. It finds what Python's `re` finds with the
 * expression that patterns.py writes of the same pattern: alternatives in their order, repeats as often as will do, gaps as short as
 * will do.
 *
 * A way that fails is taken back to the last place where there was another. Programs only lead forward, so each way ends; but there
 * may be very many of them. After STEPS of them the matcher begins again and from then on remembers what it tried in vain: an
 * instruction at a letter, on behalf of the same callers, leads to the same end. Then no more is tried than there are of these.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define STEPS 2000

/* ---- memory of what was tried ---- */

static void forget(struct memory *memory)
{
    if (memory->count)
        memset(memory->slots, 0xff, memory->room * sizeof *memory->slots);
    memory->count = 0;
}

static struct tried *slot_of(const struct memory *memory, uint32_t at, uint32_t frame, int32_t place)
{
    uint64_t mixed = at * UINT64_C(0x9e3779b97f4a7c15) ^ frame * UINT64_C(0xc2b2ae3d27d4eb4f) ^ (uint32_t)place * UINT64_C(0x165667b19e3779f9);
    for (size_t i = (size_t)(mixed ^ mixed >> 29) & (memory->room - 1);; i = (i + 1) & (memory->room - 1)) {
        struct tried *slot = &memory->slots[i];
        if (slot->at == NONE || (slot->at == at && slot->frame == frame && slot->place == place))
            return slot;
    }
}

static bool make_room(struct scratch *scratch, struct memory *memory)
{
    if (memory->room && memory->count < memory->room / 2)
        return true;
    struct memory larger = {NULL, memory->count, memory->room ? 2 * memory->room : 64};
    if (larger.room <= SIZE_MAX / sizeof *larger.slots)
        larger.slots = malloc(larger.room * sizeof *larger.slots);
    if (!larger.slots) {
        scratch->failed = true;
        return false;
    }
    memset(larger.slots, 0xff, larger.room * sizeof *larger.slots);
    for (size_t i = 0; i < memory->room; i++) {
        struct tried *old = &memory->slots[i];
        if (old->at != NONE)
            *slot_of(&larger, old->at, old->frame, old->place) = *old;
    }
    free(memory->slots);
    *memory = larger;
    return true;
}

/* The slot of these, and whether it is new; NULL without memory. */
static struct tried *remembered(struct scratch *scratch, struct memory *memory, uint32_t at, uint32_t frame, int32_t place, bool *new)
{
    if (!make_room(scratch, memory))
        return NULL;
    struct tried *slot = slot_of(memory, at, frame, place);
    *new = slot->at == NONE;
    if (*new) {
        *slot = (struct tried){at, frame, place, 0};
        memory->count++;
    }
    return slot;
}

/* ---- frames ---- */

static inline uint32_t new_frame(struct scratch *scratch, uint32_t after, uint32_t parent)
{
    struct frame *frame = put(scratch, &scratch->frames, sizeof *frame);
    if (!frame)
        return 0;
    *frame = (struct frame){after, parent};
    return (uint32_t)scratch->frames.count - 1;
}

/* The frame of these callers: the same number each time. */
static uint32_t same_frame(struct scratch *scratch, uint32_t after, uint32_t parent)
{
    bool new;
    struct tried *slot = remembered(scratch, &scratch->interned, after, parent, 0, &new);
    if (!slot)
        return 0;
    if (new)
        slot->result = new_frame(scratch, after, parent);
    return slot->result;
}

/* ---- one attempt ---- */

/* Where an attempt stands. */
struct state {
    uint32_t at, frame;
    int32_t place;
    uint32_t rank; /* of the first number so far */
    int32_t number;
};

static inline void clear(struct scratch *scratch, bool remember)
{
    scratch->backs.count = 0;
    scratch->frames.count = 0;
    new_frame(scratch, NONE, 0); /* frame 0: nobody called */
    if (remember) {
        forget(&scratch->tried);
        forget(&scratch->interned);
    }
}

static inline void come_back(struct scratch *scratch, const struct state *state, uint32_t at, int32_t used)
{
    struct back *back = put(scratch, &scratch->backs, sizeof *back);
    if (back)
        *back = (struct back){at, state->place, state->frame, (uint32_t)scratch->frames.count, used, state->rank, state->number};
}

/* Back to the last place where there is another way; false when there is none. A gap takes one letter more. */
static inline bool go_back(struct scratch *scratch, struct state *state, struct row row, bool remember)
{
    const struct tables *tables = scratch->tables;
    while (scratch->backs.count) {
        struct back *back = (struct back *)scratch->backs.items + scratch->backs.count - 1;
        if (!remember)
            scratch->frames.count = back->frames;
        *state = (struct state){back->at, back->frame, back->place, back->rank, back->number};
        if (back->used < 0) {
            scratch->backs.count--;
            return true;
        }
        uint32_t gap = tables->program[back->at];
        uint32_t stops = tables->named[gap >> 8 & 1 ? SET_WIDE : SET_NARROW];
        if (back->place < row.count && !holds(tables, stops, row.letters[back->place])) {
            state->at++;
            state->place = ++back->place;
            if (++back->used >= (int32_t)(gap & 0xff))
                scratch->backs.count--;
            return true;
        }
        scratch->backs.count--;
    }
    return false;
}

/* Whether an instruction that takes a letter cannot take this one. */
static inline bool refuses(const struct tables *tables, uint32_t instruction, struct row row, int32_t place)
{
    uint32_t what = instruction & 0xffffff;
    switch (instruction >> 24) {
    case OP_ONE:
        return place >= row.count || row.letters[place] != what;
    case OP_SET:
        return place >= row.count || !holds(tables, what, row.letters[place]);
    default:
        return false;
    }
}

/* What became of an attempt, or of a step of one. */
enum outcome { GOES_ON, FAILS, MATCHES, TAKES_LONG };

/* Goes a way of a choice that leaves it to the next letter, which it may take. */
static inline void go(struct state *state, uint32_t at, bool taken)
{
    state->at = at + taken;
    state->place += taken;
}

/* The way that goes on with the next letter; the others are left to come back to. */
static inline enum outcome choose(struct scratch *scratch, struct state *state, struct row row, uint32_t number)
{
    const struct tables *tables = scratch->tables;
    const struct choice *choice = &tables->choices[number];
    const uint32_t *option = state->place < row.count ? option_of(tables, choice, row.letters[state->place]) : NULL;
    if (option && !(*option & SEVERAL)) {
        go(state, state->at + (*option & NEAR_WAY), *option & OPTION_TAKES);
        return GOES_ON;
    }
    uint32_t first = option ? choice->ways + (*option & (SEVERAL - 1)) : choice->others, last = first;
    if (first == NONE)
        return FAILS;
    while (!(tables->ways[last] & LAST))
        last++;
    for (; last > first; last--) {
        struct state other = *state;
        go(&other, tables->ways[last] & WAY, tables->ways[last] & WAY_TAKES);
        come_back(scratch, &other, other.at, -1);
    }
    go(state, tables->ways[first] & WAY, tables->ways[first] & WAY_TAKES);
    return GOES_ON;
}

/* One instruction. */
static inline enum outcome step(struct scratch *scratch, struct state *state, struct row row, bool remember)
{
    const struct tables *tables = scratch->tables;
    const uint32_t *here = tables->program + state->at;
    uint32_t what = *here & 0xffffff;
    switch (*here >> 24) {
    case OP_ONE:
    case OP_SET:
        if (refuses(tables, *here, row, state->place))
            return FAILS;
        state->place++;
        state->at++;
        return GOES_ON;
    case OP_NUMBER:
        if (what <= state->rank) {
            state->rank = what;
            state->number = state->place;
        }
        state->at++;
        return GOES_ON;
    case OP_GAP:
        if (what & 0xff)
            come_back(scratch, state, state->at, 0);
        state->at++;
        return GOES_ON;
    case OP_SPLIT:
        if (refuses(tables, here[1], row, state->place)) {
            state->at += what;
            return GOES_ON;
        }
        if (!refuses(tables, here[what], row, state->place))
            come_back(scratch, state, state->at + what, -1);
        state->at++;
        return GOES_ON;
    case OP_JUMP:
        state->at += what;
        return GOES_ON;
    case OP_CALL:
        state->frame = (remember ? same_frame : new_frame)(scratch, state->at + 1, state->frame);
        state->at = what;
        return GOES_ON;
    case OP_CHOICE:
        return choose(scratch, state, row, what);
    default: { /* OP_RETURN */
        const struct frame *frame = (const struct frame *)scratch->frames.items + state->frame;
        if (frame->after == NONE)
            return MATCHES;
        state->at = frame->after;
        state->frame = frame->parent;
        return GOES_ON;
    }
    }
}

/* Whether this was tried before, in vain. Asked where ways part: between these, there is one way. */
static bool in_vain(struct scratch *scratch, const struct state *state)
{
    uint32_t operation = scratch->tables->program[state->at] >> 24;
    bool new = true;
    if (operation == OP_SPLIT || operation == OP_CHOICE || operation == OP_GAP)
        remembered(scratch, &scratch->tried, state->at, state->frame, state->place, &new);
    return !new;
}

static enum outcome attempt(struct scratch *scratch, struct state *state, struct row row, bool remember)
{
    clear(scratch, remember);
    for (uint32_t steps = 0; !scratch->failed;) {
        enum outcome outcome = remember && in_vain(scratch, state) ? FAILS : step(scratch, state, row, remember);
        if (outcome == MATCHES)
            return MATCHES;
        if (outcome == FAILS) {
            if (!go_back(scratch, state, row, remember))
                return FAILS;
            if (++steps > STEPS && !remember)
                return TAKES_LONG;
        }
    }
    return FAILS;
}

/* Whether a match of a group begins at a place, and up to where. */
bool match_at(struct scratch *scratch, const struct group *group, struct row row, int32_t place, struct match *match)
{
    struct state first = {group->entry, 0, place, NONE, -1}, state = first;
    enum outcome outcome = attempt(scratch, &state, row, false);
    if (outcome == TAKES_LONG) {
        state = first;
        outcome = attempt(scratch, &state, row, true);
    }
    *match = (struct match){place, state.place, (int32_t)group->what, state.number};
    return outcome == MATCHES && state.place > place;
}

/* ---- the letters with which a pattern begins ---- */

static void add_letter(struct scratch *scratch, letter one)
{
    if (scratch->letter_seen[one] == scratch->now)
        return;
    scratch->letter_seen[one] = scratch->now;
    letter *kept = put(scratch, &scratch->letters, sizeof *kept);
    if (kept)
        *kept = one;
}

static void add_set(struct scratch *scratch, const struct set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        add_letter(scratch, scratch->tables->letters[set->first + i]);
}

/* One step towards the first letter; false when it is reached, or this way was gone before. */
static bool leads_on(struct scratch *scratch, struct state *state, bool *any)
{
    const struct tables *tables = scratch->tables;
    uint32_t what = tables->program[state->at] & 0xffffff;
    switch (tables->program[state->at] >> 24) {
    case OP_ONE:
        add_letter(scratch, (letter)what);
        return false;
    case OP_SET:
        add_set(scratch, &tables->sets[what]);
        return false;
    case OP_GAP:
        *any = true;
        return false;
    case OP_SPLIT:
        if (in_vain(scratch, state))
            return false;
        come_back(scratch, state, state->at + what, -1);
        state->at++;
        return true;
    default:
        *any |= step(scratch, state, (struct row){NULL, 0}, true) == MATCHES;
        return !*any;
    }
}

bool begins_of(struct scratch *scratch, uint32_t entry, bool *any)
{
    struct state state = {entry, 0, 0, NONE, -1};
    *any = false;
    scratch->now++;
    scratch->letters.count = 0;
    clear(scratch, true);
    while (!scratch->failed && !*any)
        if (!leads_on(scratch, &state, any) && !go_back(scratch, &state, (struct row){NULL, 0}, true))
            break;
    return !scratch->failed;
}
