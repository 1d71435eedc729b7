/* Cutting: the text becomes words, each with its letter and its place (vocabulary.cut, vocabulary.spelt). */
#include "text.h"

/* Some of the text. */
struct piece {
    const character *small;
    const uint8_t *kinds;
    uint32_t begin, end;
    uint32_t first, count; /* its words, when they have been cut */
};

static bool is_wordlike(const struct piece *piece, uint32_t at)
{
    return at < piece->end && piece->kinds[at] & WORDLIKE;
}

static bool is_decimal(const struct piece *piece, uint32_t at)
{
    return at < piece->end && piece->kinds[at] & DECIMAL;
}

static bool is_sign(const struct piece *piece, uint32_t at, character sign)
{
    return at < piece->end && piece->small[at] == sign;
}

static uint32_t wordlike_from(const struct piece *piece, uint32_t at)
{
    while (is_wordlike(piece, at))
        at++;
    return at;
}

static uint32_t decimals_from(const struct piece *piece, uint32_t at)
{
    while (is_decimal(piece, at))
        at++;
    return at;
}

/* How long the apostrophe is that stands here, as a sign or written out; 0: none. */
static uint32_t apostrophe_at(const struct piece *piece, uint32_t at)
{
    static const char *const written[] = {"'", "&#39;", "&rsquo;", "&apos;"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        uint32_t length = 0;
        while (written[i][length] && is_sign(piece, at + length, (unsigned char)written[i][length]))
            length++;
        if (!written[i][length])
            return length;
    }
    return 0;
}

/* The end of the word that begins here: letters, joined by apostrophes; "h/o"; the apostrophe of "feelin'", the hyphen that follows. */
static uint32_t word_end(const struct piece *piece, uint32_t at)
{
    if (is_sign(piece, at + 1, '/') && is_wordlike(piece, at + 2) && !is_wordlike(piece, at + 3))
        return at + 3;
    uint32_t begin = at, length;
    at = wordlike_from(piece, at);
    while ((is_sign(piece, at, '\'') || is_sign(piece, at, '&')) && (length = apostrophe_at(piece, at)) && is_wordlike(piece, at + length))
        at = wordlike_from(piece, at + length);
    bool dropped = at >= begin + 2 && piece->small[at - 2] == 'i' && piece->small[at - 1] == 'n' && is_sign(piece, at, '\'');
    if (dropped && !(at + 1 < piece->end && (piece->kinds[at + 1] & ALNUM || piece->small[at + 1] == '_')))
        at++;
    return at + (is_sign(piece, at, '-') && is_wordlike(piece, at + 1));
}

/* The end of a number such as "1,200"; `at` when there is none. */
static uint32_t parted_end(const struct piece *piece, uint32_t at)
{
    uint32_t end = decimals_from(piece, at), found = at;
    if (end > at + 3)
        return at;
    while (is_sign(piece, end, ',') && is_decimal(piece, end + 1) && is_decimal(piece, end + 2) && is_decimal(piece, end + 3)) {
        end += 4;
        found = is_decimal(piece, end) ? found : end;
        if (is_decimal(piece, end))
            break;
    }
    return found;
}

/* The end of a number: "37.2", "4+/5". */
static uint32_t number_end(const struct piece *piece, uint32_t at)
{
    uint32_t end = parted_end(piece, at);
    if (end > at)
        return end;
    end = decimals_from(piece, at);
    if (is_sign(piece, end, '.') && is_decimal(piece, end + 1))
        end = decimals_from(piece, end + 1);
    uint32_t line = end + (is_sign(piece, end, '+') || is_sign(piece, end, '-'));
    return is_sign(piece, line, '/') && is_decimal(piece, line + 1) ? decimals_from(piece, line + 1) : end;
}

/* The end of the word, number, blanks or signs that begin here. */
static uint32_t end_at(const struct piece *piece, uint32_t at)
{
    if (is_wordlike(piece, at))
        return word_end(piece, at);
    if (is_decimal(piece, at))
        return number_end(piece, at);
    character first = piece->small[at++];
    if (piece->kinds[at - 1] & SPACE)
        while (at < piece->end && piece->kinds[at] & SPACE)
            at++;
    else if (first == '.' || first == '-' || first == '=' || first == '_' || first == '*')
        while (is_sign(piece, at, first))
            at++;
    return at;
}

static void ask_about(struct scratch *scratch, size_t word, uint32_t begin, uint32_t end)
{
    int32_t *asked;
    if (!room_for(scratch, &scratch->asked, sizeof *asked, 3))
        return;
    asked = (int32_t *)scratch->asked.items + scratch->asked.count;
    asked[0] = (int32_t)word;
    asked[1] = (int32_t)begin;
    asked[2] = (int32_t)end;
    scratch->asked.count += 3;
}

/* Puts a word behind the others, for which there is room. */
static void put_word(struct scratch *scratch, uint32_t begin, uint32_t end)
{
    size_t word = scratch->text.count;
    ((int32_t *)scratch->starts.items)[word] = (int32_t)begin;
    ((int32_t *)scratch->ends.items)[word] = (int32_t)end;
    scratch->text.count = scratch->starts.count = scratch->ends.count = word + 1;
}

#define AHEAD 12 /* words that are looked up are bidden so many before */

/* Looks up the letter of each word. A hyphen at its end is not its own. */
static void look_up(struct scratch *scratch)
{
    const character *small = scratch->small.items;
    const uint8_t *kinds = scratch->kinds.items;
    const int32_t *starts = scratch->starts.items;
    int32_t *ends = scratch->ends.items;
    letter *letters = scratch->text.items;
    for (size_t i = 0, count = scratch->text.count; i < count; i++) {
        uint32_t begin = (uint32_t)starts[i], end = (uint32_t)ends[i], own = end;
        if (i + AHEAD < count)
            fetch_letter(scratch, small + starts[i + AHEAD], (uint32_t)(ends[i + AHEAD] - starts[i + AHEAD]));
        letters[i] = letter_of(scratch, small + begin, kinds + begin, end - begin);
        fetch(&scratch->tables->known[letters[i]]);
        if (!letters[i])
            ask_about(scratch, i, begin, end);
        while (own > begin && small[own - 1] == '-')
            own--;
        ends[i] = (int32_t)(own == begin ? end : own);
    }
}

/* ---- what words beside them make of stops and questions ---- */

/* A piece of which the words are known. */
struct cut {
    const struct piece *piece;
    const int32_t *starts;
};

static uint32_t begin_of(const struct cut *cut, uint32_t i)
{
    return i < cut->piece->count ? (uint32_t)cut->starts[cut->piece->first + i] : cut->piece->end;
}

static bool before_word(const struct cut *cut, uint32_t i)
{
    return i + 1 < cut->piece->count && cut->piece->kinds[begin_of(cut, i + 1)] & ALNUM;
}

static bool is_one_stop(const struct cut *cut, uint32_t i)
{
    return begin_of(cut, i + 1) - begin_of(cut, i) == 1 && cut->piece->small[begin_of(cut, i)] == '.';
}

/* Whether the full stop ends a sentence: not inside "e.g", not after "Dr" or a lone letter that follows a stop. */
static bool ends(const struct scratch *scratch, const struct cut *cut, uint32_t i)
{
    if (before_word(cut, i))
        return false;
    if (!i)
        return true;
    uint32_t begin = begin_of(cut, i - 1), length = begin_of(cut, i) - begin;
    if (length == 1 && i > 1 && is_one_stop(cut, i - 2))
        return false;
    return !(flags_of(scratch, cut->piece->small + begin, length) & IS_SHORTENED);
}

static void mend_signs(struct scratch *scratch, const struct piece *piece)
{
    struct cut cut = {piece, scratch->starts.items};
    letter *letters = (letter *)scratch->text.items + piece->first;
    for (uint32_t i = 0; i < piece->count; i++) {
        character sign = piece->small[begin_of(&cut, i)];
        if (sign == '?' && (piece->count == 1 || before_word(&cut, i)))
            letters[i] = scratch->words->query;
        else if (sign == '.' && !ends(scratch, &cut, i))
            letters[i] = OTHER;
    }
}

/* ---- the text ---- */

static void cut_piece(struct scratch *scratch, struct piece piece, bool has_signs)
{
    piece.first = (uint32_t)scratch->text.count;
    for (uint32_t at = piece.begin, end; at < piece.end; at = end) {
        end = end_at(&piece, at);
        put_word(scratch, at, end);
    }
    piece.count = (uint32_t)scratch->text.count - piece.first;
    struct piece *kept = has_signs ? put(scratch, &scratch->pieces, sizeof *kept) : NULL;
    if (kept)
        *kept = piece;
}

/* The end of a line and the head of the next are known by themselves. */
static void cut_at_blanks(struct scratch *scratch, const struct piece *chunk)
{
    struct piece piece = *chunk;
    for (uint32_t at = chunk->begin; at < chunk->end && !scratch->failed; at = piece.end) {
        bool blank = chunk->kinds[at] & SPACE;
        piece.begin = piece.end = at;
        while (piece.end < chunk->end && !(chunk->kinds[piece.end] & SPACE) == !blank)
            piece.end++;
        cut_piece(scratch, piece, true);
    }
}

/* What stands between two blanks, of these kinds of characters. */
static void cut_chunk(struct scratch *scratch, const struct piece *chunk, uint32_t kinds)
{
    bool question = false, blank = true;
    for (uint32_t i = chunk->begin; i < chunk->end && kinds & ENDS_LINE; i++) {
        question |= chunk->small[i] == '?';
        blank &= (chunk->kinds[i] & SPACE) != 0;
    }
    if (kinds & ENDS_LINE && !question && !blank)
        cut_at_blanks(scratch, chunk);
    else
        cut_piece(scratch, *chunk, kinds & ASKS_OR_STOPS);
}

/* The words of the text, of which there are no more than characters. */
static void cut_words(struct scratch *scratch)
{
    struct piece text = {.small = scratch->small.items, .kinds = scratch->kinds.items};
    uint32_t count = (uint32_t)scratch->small.count;
    for (uint32_t at = 0; at < count && !scratch->failed; at = text.end + 1) {
        uint32_t all = ALPHA, some = 0; /* kinds: of all characters, of some */
        text.begin = text.end = at;
        for (; text.end < count && text.small[text.end] != ' '; text.end++) {
            all &= text.kinds[text.end];
            some |= text.kinds[text.end];
        }
        if (text.end == at)
            continue;
        if (all)
            put_word(scratch, at, text.end);
        else
            cut_chunk(scratch, &text, some);
    }
}

void cut(struct scratch *scratch)
{
    uint32_t count = (uint32_t)scratch->small.count;
    scratch->text.count = scratch->starts.count = scratch->ends.count = scratch->asked.count = scratch->pieces.count = 0;
    if (!room_for(scratch, &scratch->text, sizeof(letter), (size_t)count + 1) ||
        !room_for(scratch, &scratch->starts, sizeof(int32_t), (size_t)count + 1) ||
        !room_for(scratch, &scratch->ends, sizeof(int32_t), (size_t)count + 1) || !room_for(scratch, &scratch->asked, sizeof(int32_t), 2))
        return;
    scratch->asked.count = 2;
    cut_words(scratch);
    if (scratch->failed)
        return;
    look_up(scratch);
    for (size_t i = 0; i < scratch->pieces.count; i++)
        mend_signs(scratch, (const struct piece *)scratch->pieces.items + i);
    ((letter *)scratch->text.items)[scratch->text.count] = scratch->words->line_end;
    put_word(scratch, count, count + 1);
}
