/* A text as it was written, of characters of one byte: where headings may stand in it, and the same in small letters, its long lines joined
 * (sections.py, vocabulary.folded, reading._unwrapped). */
#include <string.h>

#include "text.h"

#define WRAPPED 55   /* a line this long that ends without a stop goes on in the next */
#define FIRST 30     /* characters of a line in which a colon makes it one of its own */
#define BEFORE 50    /* characters before a colon in which a heading stands */
#define LONG 60      /* a longer line is no heading, but it may begin with one before a dash */

#define A_LINE (-1)  /* in the place of a colon: a line */
#define A_DASH (-2)  /* likewise: the words before the first dash of a long line */

/* A text while it is looked over. */
struct look {
    const uint8_t *text, *kinds; /* the characters, and of what kind each of the 256 that there are is */
    uint32_t count;
};

/* Some of it. */
struct part {
    uint32_t begin, end;
};

static bool is_space(const struct look *look, uint32_t at)
{
    return look->kinds[look->text[at]] & SPACE;
}

static bool is_alpha(const struct look *look, uint32_t at)
{
    return look->kinds[look->text[at]] & ALPHA;
}

static struct part stripped(const struct look *look, struct part part)
{
    while (part.begin < part.end && is_space(look, part.begin))
        part.begin++;
    while (part.end > part.begin && is_space(look, part.end - 1))
        part.end--;
    return part;
}

/* Where a sign stands in a part, or its end. */
static uint32_t sign_in(const struct look *look, struct part part, int sign)
{
    const uint8_t *found = part.begin < part.end ? memchr(look->text + part.begin, sign, part.end - part.begin) : NULL;
    return found ? (uint32_t)(found - look->text) : part.end;
}

static uint32_t least(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

static bool is_one_of(const char *signs, uint8_t one)
{
    return one && strchr(signs, one);
}

/* Whether a long line goes on in the next: its last sign is none of these. */
static bool goes_on(const struct look *look, struct part line, const char *stops)
{
    uint32_t end = stripped(look, line).end;
    return line.end - line.begin >= WRAPPED && end > line.begin && !is_space(look, end - 1) && !is_one_of(stops, look->text[end - 1]);
}

/* ---- where headings may stand ---- */

static bool put_place(struct scratch *scratch, int32_t place, struct part part)
{
    int32_t *numbers;
    if (!room_for(scratch, &scratch->heads, sizeof *numbers, 3))
        return false;
    numbers = (int32_t *)scratch->heads.items + scratch->heads.count;
    numbers[0] = place;
    numbers[1] = (int32_t)part.begin;
    numbers[2] = (int32_t)part.end;
    scratch->heads.count += 3;
    return true;
}

/* The words before each colon that may be a heading. */
static bool put_colons(struct scratch *scratch, const struct look *look)
{
    struct part rest = {0, look->count};
    for (uint32_t colon; (colon = sign_in(look, rest, ':')) < rest.end; rest.begin = colon + 1) {
        if (!colon || !(is_alpha(look, colon - 1) || is_one_of(" )*", look->text[colon - 1])))
            continue;
        struct part words = {colon, colon};
        uint32_t first = colon > BEFORE ? colon - BEFORE : 0;
        while (words.begin > first && !is_one_of(".,;\n?!])", look->text[words.begin - 1]))
            words.begin--;
        if (!put_place(scratch, (int32_t)colon, stripped(look, words)))
            return false;
    }
    return true;
}

/* Whether no number or mark can stand before the words of a line that begins so. */
static bool is_plain_capital(uint8_t one)
{
    return one >= 'A' && one <= 'Z' && !is_one_of("IVX", one);
}

/* Whether a line that begins so may be a heading or begin with one: with a capital, a mark or a number. */
static bool may_head(uint8_t first)
{
    return !(first >= 'a' && first <= 'z') || is_one_of("ivx", first);
}

/* The place of the first dash with a blank behind it in a part, with the blank before it; its end: there is none. */
static uint32_t dash_in(const struct look *look, struct part part)
{
    for (uint32_t dash; (dash = sign_in(look, part, '-')) < part.end;) {
        uint32_t end = dash;
        while (end < part.end && look->text[end] == '-')
            end++;
        if (end < part.end && look->text[end] == ' ')
            return dash > part.begin && look->text[dash - 1] == ' ' ? dash - 1 : dash;
        part.begin = end;
    }
    return part.end;
}

/* A line that may be a heading or begin with one. */
static bool put_line(struct scratch *scratch, const struct look *look, struct part line)
{
    if (line.begin == line.end || !may_head(look->text[line.begin]))
        return true;
    bool is_short = line.end - line.begin < LONG, plain = is_plain_capital(look->text[line.begin]);
    struct part head = {line.begin, least(line.end, line.begin + (plain ? LONG : 2 * LONG))};
    uint32_t dash = is_short ? head.end : dash_in(look, head);
    if (is_short || (!plain && dash < head.end))
        return put_place(scratch, A_LINE, line);
    head.end = dash;
    return dash == line.begin + LONG || put_place(scratch, A_DASH, head);
}

/* ---- lines ---- */

static bool has_small(const struct look *look, struct part line)
{
    for (uint32_t i = line.begin; i < line.end; i++)
        if (look->text[i] >= 'a' && look->text[i] <= 'z')
            return true;
    return false;
}

/* Whether a line can be the middle of a sentence: it begins with a letter, a small one unless all is in capitals, and is no heading. */
static bool is_run_on(const struct look *look, struct part line, struct part before)
{
    uint32_t first = line.begin;
    while (first < line.end && is_space(look, first))
        first++;
    if (first < line.end && look->text[first] >= 'A' && look->text[first] <= 'Z' && has_small(look, before))
        return false;
    struct part head = {first, least(line.end, first + FIRST)};
    return first < line.end && is_alpha(look, first) && sign_in(look, head, ':') == head.end;
}

static struct part line_from(const struct look *look, uint32_t begin)
{
    struct part line = {begin, look->count};
    line.end = sign_in(look, line, '\n');
    return line;
}

/* The lines that may be headings; and ends of lines that go on become blanks of the text in small letters. */
static bool take_lines(struct scratch *scratch, const struct look *look)
{
    struct part line = line_from(look, 0);
    bool in_line = false; /* with the one before */
    if (line.end == look->count)
        return true; /* no line ends here */
    for (;;) {
        if (!in_line && !put_line(scratch, look, line))
            return false;
        if (line.end == look->count)
            return true;
        struct part next = line_from(look, line.end + 1);
        if (goes_on(look, line, ".:;?!") && is_run_on(look, next, line)) {
            ((character *)scratch->small.items)[line.end] = ' ';
            ((uint8_t *)scratch->bytes.items)[line.end] = ' ';
            ((uint8_t *)scratch->kinds.items)[line.end] = look->kinds[' '];
        }
        in_line = goes_on(look, line, ".:;?!)");
        line = next;
    }
}

/* Takes in a text of so many characters, of one byte each, behind which a zero stands; what these are must have been told. */
bool take_written(struct scratch *scratch, const uint8_t *text, int64_t count)
{
    scratch->heads.count = 0;
    scratch->narrow = true;
    if (!room_for_text(scratch, (size_t)count))
        return false;
    const struct latin *latin = scratch->latin;
    struct look look = {text, latin->kind, (uint32_t)count};
    character *small = scratch->small.items;
    uint8_t *kinds = scratch->kinds.items, *bytes = scratch->bytes.items;
    for (int64_t i = 0; i < count; i++) {
        uint8_t one = text[i];
        small[i] = bytes[i] = latin->small[one];
        kinds[i] = latin->kind[one];
    }
    scratch->small.count = scratch->kinds.count = (size_t)count;
    return put_colons(scratch, &look) && take_lines(scratch, &look);
}
