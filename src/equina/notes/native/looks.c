/* One look over a text, which tells what need not be looked for in it (looks.py): in doubt a thing is said to be there. */
#include <string.h>

#include "text.h"

#define PAST 8 /* letters behind the last of "past" that the last of "history" stands */
#define BLANKS " \t"
#define BETWEEN_COLUMNS " \t\n|,;/" /* the end of a long line may become a blank */
/* Capitals too, and an e with an accent, as vocabulary.folded reads them. */
#define IS_LETTER(one, letter) (((one) | 32) == (letter) || ((letter) == 'e' && ((one) | 33) == 0xe9))

/* Whether an answer of a form stands right before this place: y, n, yes, no, nil, neg, pos, none. */
static bool answers(const uint8_t *text, int64_t end)
{
    static const char *const values[] = {"y", "n", "yes", "no", "nil", "neg", "pos", "none"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int64_t length = (int64_t)strlen(values[i]), j = 0;
        while (j < length && end >= length && IS_LETTER(text[end - length + j], values[i][j]))
            j++;
        if (j == length)
            return true;
    }
    return false;
}

static bool is_gap(uint8_t one)
{
    return one == ' ' || one == '\n';
}

/* Behind these signs, as far as they go on. */
static const uint8_t *behind(const char *signs, const uint8_t *at)
{
    while (*at && strchr(signs, *at))
        at++;
    return at;
}

/* Behind a word in small letters, if it stands here; else NULL. */
static const uint8_t *behind_word(const char *word, const uint8_t *at)
{
    for (; *word; word++, at++)
        if (!IS_LETTER(*at, *word))
            return NULL;
    return at;
}

/* Whether a line says yes or no and nothing else. A zero may be the end of the text. */
static bool answers_alone(const uint8_t *line)
{
    static const char *const values[] = {"yes",    "no",     "nil",    "y",        "n",       "none",    "never",
                                         "denied", "denies", "absent", "negative", "present", "positive"};
    line = behind(BLANKS, line);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const uint8_t *end = behind_word(values[i], line);
        end = end ? behind(BLANKS, end) : NULL;
        if (end && (*end == '\n' || !*end))
            return true;
    }
    return false;
}

/* Whether this is the one of the heads of two columns, yes and no, behind which the other stands. */
static bool heads_columns(const uint8_t *at)
{
    const uint8_t *yes = behind_word("yes", at), *end = yes ? yes : behind_word("no", at), *other;
    if (!end || (other = behind(BETWEEN_COLUMNS, end)) == end)
        return false;
    end = behind_word(yes ? "no" : "yes", other);
    return end && *behind(BLANKS "|", end) == '\n';
}

/* Whether "past history", "medical history" or the like ends here, and is told on. */
static bool tells_history(const uint8_t *end)
{
    return end[1] == ' ' && !memcmp(end - 5, "istor", 5) && IS_LETTER(end[-6], 'h') && end[-7] == ' ' && strchr("tsrl", end[-PAST] | 32);
}

/* Whether "Yes " or "YES " stands here. */
static bool spells_yes(const uint8_t *at)
{
    /* Sign by sign: no further than the zero behind the text. */
    return *at == 'Y' && ((at[1] == 'e' && at[2] == 's') || (at[1] == 'E' && at[2] == 'S')) && at[3] == ' ';
}

/* What the letter at this place begins or ends. A zero stands behind the text. */
static uint32_t seen_at(const uint8_t *text, int64_t i)
{
    const uint8_t *at = text + i;
    bool first = i == 0 || is_gap(at[-1]);
    switch (*at) {
    case '\t':
        return SEES_TABS;
    case '.':
        return at[1] == '.' && at[2] == '.' && at[3] == '.' ? SEES_DOTS : 0;
    case '_':
        return at[1] == '_' ? SEES_DOTS : 0;
    case '+':
        return at[1] == ' ' ? SEES_SIGNS : 0;
    case 'N':
    case 'Y':
        return (at[1] == ' ' && (first || at[-1] == '=') ? SEES_CAPITALS : 0) | (spells_yes(at) || heads_columns(at) ? SEES_YES : 0);
    case 'n':
        return heads_columns(at) ? SEES_YES : 0;
    case 'y':
        return (heads_columns(at) ? SEES_YES : 0) | (i >= PAST && tells_history(at) ? SEES_HISTORY : 0);
    case 'P':
        return at[1] == 'M' && at[2] == 'H' && (at[3] == ' ' || (at[3] == 'x' && at[4] == ' ')) ? SEES_HISTORY : 0;
    case '\n':
        return (is_gap(at[1]) && answers(text, i) ? SEES_BLANKS : 0) | (answers_alone(at + 1) ? SEES_ALONE : 0);
    case ' ':
        return is_gap(at[1]) && answers(text, i) ? SEES_BLANKS : 0;
    case '<':
    case '&':
    case '"':
    case '`':
    case '\r':
    case '\f':
    case '\v':
    case 0x85:
    case 0xa0:
        return SEES_ALL; /* signs that are read as others */
    default:
        return 0;
    }
}

/* Whether a sign can tell anything is known by the one behind it: of nearly all nothing more is asked. A bit of each way. */
enum { ALWAYS = 1, TWO_DOTS = 2, TWO_LINES = 4, BY_ITSELF = 8, IS_NO = 16, IS_YES = 32, IS_GAP = 64, IS_PMH = 128 };

static const uint8_t tells[256] = {
    ['\t'] = ALWAYS, ['\n'] = ALWAYS, ['<'] = ALWAYS, ['&'] = ALWAYS, ['"'] = ALWAYS, ['`'] = ALWAYS, ['\r'] = ALWAYS,
    ['\f'] = ALWAYS, ['\v'] = ALWAYS, [0x85] = ALWAYS, [0xa0] = ALWAYS,
    ['.'] = TWO_DOTS, ['_'] = TWO_LINES, ['+'] = BY_ITSELF, [' '] = IS_GAP, ['P'] = IS_PMH,
    ['N'] = BY_ITSELF | IS_NO, ['n'] = IS_NO, ['Y'] = BY_ITSELF | IS_YES, ['y'] = BY_ITSELF | IS_YES,
};

static const uint8_t behind_it[256] = {
    ['.'] = TWO_DOTS, ['_'] = TWO_LINES, [' '] = BY_ITSELF | IS_GAP, ['\n'] = IS_GAP, ['M'] = IS_PMH,
    ['o'] = IS_NO, ['O'] = IS_NO, ['e'] = IS_YES, ['E'] = IS_YES, [0xc8] = IS_YES, [0xc9] = IS_YES, [0xe8] = IS_YES, [0xe9] = IS_YES,
};

uint32_t equina_looks(const uint8_t *text, int64_t count)
{
    uint32_t seen = 0;
    for (int64_t i = 0; i < count; i++)
        if (tells[text[i]] & (behind_it[text[i + 1]] | ALWAYS))
            seen |= seen_at(text, i);
    return seen;
}
