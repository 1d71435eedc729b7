/* Words: the letter of each, by the words of the lexicon (vocabulary.py). */
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* ---- the words, as words.py gives them ---- */

struct rest {
    const int32_t *next;
    int64_t count;
    bool bad;
};

static uint32_t take(struct rest *rest, int64_t below)
{
    if (rest->count < 1 || *rest->next < 0 || *rest->next >= below) {
        rest->bad = true;
        return 0;
    }
    rest->count--;
    return (uint32_t)*rest->next++;
}

static void add_stem(struct words *words, uint32_t hash)
{
    uint32_t bit = mixed_hash(hash) & 0xffff;
    words->stems[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void take_entries(struct rest *rest, struct words *words, int64_t limit)
{
    words->count = take(rest, rest->count);
    words->characters_count = take(rest, rest->count);
    words->entries = calloc((size_t)words->count + 1, sizeof *words->entries);
    words->characters = calloc((size_t)words->characters_count + 1, sizeof *words->characters);
    rest->bad |= !words->entries || !words->characters;
    uint32_t used = 0;
    for (uint32_t i = 0; i < words->count && !rest->bad; i++) {
        struct entry *entry = &words->entries[i];
        entry->first = used;
        entry->length = take(rest, (int64_t)words->characters_count - used + 1);
        entry->word = (letter)take(rest, limit);
        entry->stem = (letter)take(rest, limit);
        entry->flags = take(rest, 1 << 16);
        rest->bad |= !entry->length;
        for (uint32_t j = 0; j < entry->length && !rest->bad; j++)
            words->characters[used++] = take(rest, PAGE * PAGES);
        entry->hash = hash_of(words->characters + entry->first, entry->length);
        if (entry->stem)
            add_stem(words, entry->hash);
    }
}

static void take_lines(struct rest *rest, struct words *words, int64_t limit)
{
    words->lines_count = take(rest, rest->count);
    words->lines = calloc((size_t)words->lines_count + 1, sizeof *words->lines);
    rest->bad |= !words->lines;
    uint32_t used = 0;
    for (uint32_t i = 0; i < words->lines_count && !rest->bad; i++) {
        struct line *line = &words->lines[i];
        line->fraction = take(rest, 2);
        line->least = (int32_t)take(rest, INT32_MAX);
        line->most = (int32_t)take(rest, INT32_MAX);
        line->letters = (letter)take(rest, limit);
        line->first = used;
        line->count = take(rest, (int64_t)words->ends_count - used + 1);
        used += line->count;
        rest->bad |= line->letters + 2 * (int64_t)line->count >= limit;
    }
}

static bool place_entries(struct words *words)
{
    words->mask = 1;
    while (words->mask < 2 * words->count)
        words->mask = 2 * words->mask + 1;
    words->places = malloc(((size_t)words->mask + 1) * sizeof *words->places);
    if (!words->places)
        return false;
    memset(words->places, 0xff, ((size_t)words->mask + 1) * sizeof *words->places);
    for (uint32_t i = 0; i < words->count; i++) {
        uint32_t place = mixed_hash(words->entries[i].hash) & words->mask;
        while (words->places[place] != NONE)
            place = (place + 1) & words->mask;
        words->places[place] = i;
    }
    return true;
}

/* Moves what reading asks of into one block; without memory for it, all stays where it is. */
static void pack(struct words *words)
{
    struct slips *slips[] = {&words->of_words, &words->of_stems};
    size_t bytes[] = {
        words->count * sizeof *words->entries,
        ((size_t)words->mask + 1) * sizeof *words->places,
        words->characters_count * sizeof *words->characters,
    }, total = 0;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        total += room_in_block(bytes[i]);
    for (int i = 0; i < 2; i++)
        total += room_in_block(slips[i]->count * sizeof *slips[i]->all) + room_in_block(((size_t)slips[i]->mask + 1) * sizeof *slips[i]->places);
    if (!begin_block(&words->block, total))
        return;
    words->entries = move_in(&words->block, words->entries, bytes[0]);
    words->places = move_in(&words->block, words->places, bytes[1]);
    words->characters = move_in(&words->block, words->characters, bytes[2]);
    for (int i = 0; i < 2; i++) {
        slips[i]->all = move_in(&words->block, slips[i]->all, slips[i]->count * sizeof *slips[i]->all);
        slips[i]->places = move_in(&words->block, slips[i]->places, ((size_t)slips[i]->mask + 1) * sizeof *slips[i]->places);
    }
}

struct words *equina_words(const struct tables *tables, const int32_t *given, int64_t count, const double *ends, int64_t ends_count)
{
    struct rest rest = {given, count, ends_count < 0 || ends_count > INT32_MAX / 2};
    struct words *words = calloc(1, sizeof *words);
    if (!words)
        return NULL;
    words->ends_count = rest.bad ? 0 : (uint32_t)ends_count;
    words->ends = malloc((words->ends_count + 1) * sizeof *words->ends);
    rest.bad |= !words->ends;
    if (!rest.bad && words->ends_count)
        memcpy(words->ends, ends, words->ends_count * sizeof *ends);
    words->line_end = (letter)take(&rest, tables->limit);
    words->blank = (letter)take(&rest, tables->limit);
    words->query = (letter)take(&rest, tables->limit);
    if (!rest.bad)
        take_entries(&rest, words, tables->limit);
    if (!rest.bad)
        take_lines(&rest, words, tables->limit);
    if (rest.bad || rest.count || !place_entries(words) || !add_slips(words)) {
        equina_words_free(words);
        return NULL;
    }
    pack(words);
    return words;
}

void equina_words_free(struct words *words)
{
    if (!words)
        return;
    if (!words->block.memory) {
        free(words->entries);
        free(words->places);
        free(words->characters);
        free(words->of_words.all);
        free(words->of_words.places);
        free(words->of_stems.all);
        free(words->of_stems.places);
    }
    free(words->block.memory);
    free(words->lines);
    free(words->ends);
    free(words);
}

/* ---- asked of each word ---- */

const struct entry *entry_of(const struct words *words, const struct span *span)
{
    for (uint32_t place = mixed_hash(span->hash) & words->mask; words->places[place] != NONE; place = (place + 1) & words->mask) {
        const struct entry *entry = &words->entries[words->places[place]];
        if (entry->hash == span->hash && entry->length == span->count &&
            !memcmp(words->characters + entry->first, span->characters, span->count * sizeof *span->characters))
            return entry;
    }
    return NULL;
}

static const struct entry *entry_for(const struct words *words, const character *characters, uint32_t count)
{
    struct span span = {characters, count, hash_of(characters, count)};
    return entry_of(words, &span);
}

letter plain_letter(const struct words *words, const character *characters, uint32_t count)
{
    const struct entry *entry = entry_for(words, characters, count);
    return entry && !(entry->flags & IS_SPELLING) ? entry->word : 0;
}

/* A quick look before the thorough one: nearly no word begins with a stem. */
static bool may_be_stem(const struct words *words, uint32_t hash)
{
    uint32_t bit = mixed_hash(hash) & 0xffff;
    return words->stems[bit / 64] >> bit % 64 & 1;
}

/* The letter of the longest stem with which a word begins, and how many characters that has. */
static letter stem_of(const struct words *words, const character *word, uint32_t count, uint32_t *stem)
{
    uint32_t hashes[LONGEST_WORD + 1] = {NO_HASH};
    for (uint32_t i = 0; i < count; i++)
        hashes[i + 1] = hash_on(hashes[i], word[i]);
    for (uint32_t length = count; length; length--) {
        if (!may_be_stem(words, hashes[length]))
            continue;
        struct span span = {word, length, hashes[length]};
        const struct entry *entry = entry_of(words, &span);
        if (entry && entry->stem) {
            *stem = length;
            return entry->stem;
        }
    }
    return 0;
}

static letter known_letter(const struct words *words, const character *word, uint32_t count);

/* The letter of a word of no more than LONGEST_WORD characters as it is spelt, without its "'s", with its "g". */
static letter exact_letter(const struct words *words, const character *word, uint32_t count)
{
    const struct entry *entry = entry_for(words, word, count);
    if (entry && entry->word)
        return entry->word;
    letter found = 0;
    if (count > 2 && word[count - 2] == '\'' && (word[count - 1] == 's' || word[count - 1] == 'd'))
        found = known_letter(words, word, count - 2);
    if (!found && count >= 2 && word[count - 2] == 'i' && word[count - 1] == 'n') {
        character longer[LONGEST_WORD + 1];
        memcpy(longer, word, count * sizeof *word);
        longer[count] = 'g';
        found = plain_letter(words, longer, count + 1);
    }
    return found;
}

/* The same, or by its stem. */
static letter known_letter(const struct words *words, const character *word, uint32_t count)
{
    letter found = exact_letter(words, word, count);
    return found ? found : stem_of(words, word, count, &(uint32_t){0});
}

/* Takes a word without the sign at its end, an apostrophe written out as one sign; false when it is too long. */
static bool take_word(const character *from, uint32_t from_count, character *word, uint32_t *count)
{
    from_count -= from[from_count - 1] == '-' || from[from_count - 1] == '\'';
    *count = 0;
    for (uint32_t i = 0; i < from_count; i++) {
        if (*count == LONGEST_WORD)
            return false;
        word[(*count)++] = from[i] == '&' ? '\'' : from[i];
        if (from[i] == '&')
            while (from[i] != ';')
                i++;
    }
    return true;
}

static bool is_alphabetic(const uint8_t *kinds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!(kinds[i] & ALPHA))
            return false;
    return true;
}

static letter alphabetic(const struct words *words, const character *from, const uint8_t *kinds, uint32_t from_count)
{
    character word[LONGEST_WORD] = {0};
    uint32_t count;
    if (!take_word(from, from_count, word, &count))
        return OTHER;
    letter found = exact_letter(words, word, count), known;
    if (found)
        return found;
    uint32_t stem = 0; /* how many characters it has */
    known = stem_of(words, word, count, &stem);
    const struct entry *entry = entry_for(words, word, count);
    if (!(entry && entry->flags & IS_OTHER) && is_alphabetic(kinds, count)) /* an apostrophe written out is not that */
        found = stem ? slip_of_stem(words, word, count, stem) : slip_of(words, word, count);
    return found ? found : known ? known : OTHER;
}

/* The letter of a sign, or of a row of the same. */
static letter sign_letter(const struct words *words, const character *characters, uint32_t count)
{
    letter found = count <= LONGEST_WORD ? plain_letter(words, characters, count) : 0;
    found = found ? found : plain_letter(words, characters, 1);
    return found ? found : OTHER;
}

static letter worked_out(const struct words *words, const character *characters, const uint8_t *kinds, uint32_t count)
{
    if (*kinds & ALPHA)
        return alphabetic(words, characters, kinds, count);
    if (*kinds & DIGIT)
        return number_of(words, characters, kinds, count);
    if (!(*kinds & SPACE))
        return sign_letter(words, characters, count);
    for (uint32_t i = 0; i < count; i++)
        if (characters[i] == '\n')
            return words->line_end;
    return words->blank;
}

/* As a word of these bytes is remembered; behind it stand at least BEHIND more. */
static inline struct spelling spelling_of(const uint8_t *bytes, uint32_t count)
{
    static const uint8_t own[2 * LONGEST_WORD] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    struct spelling spelling, mask;
    memcpy(&spelling, bytes, sizeof spelling);
    memcpy(&mask, own + LONGEST_WORD - count, sizeof mask);
    for (size_t i = 0; i < sizeof spelling.parts / sizeof *spelling.parts; i++)
        spelling.parts[i] &= mask.parts[i];
    return spelling;
}

/* The same of a word of the text, all of whose characters take one byte. */
static inline struct spelling spelled(const struct scratch *scratch, const character *characters, uint32_t count)
{
    uint8_t bytes[2 * LONGEST_WORD] = {0};
    if (scratch->narrow)
        return spelling_of((const uint8_t *)scratch->bytes.items + (characters - (const character *)scratch->small.items), count);
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)characters[i];
    return spelling_of(bytes, count);
}

static inline uint32_t place_met(const struct spelling *spelling)
{
    const uint64_t *parts = spelling->parts;
    uint64_t mixed = (parts[0] ^ parts[1] * UINT64_C(0x9e3779b97f4a7c15) ^ parts[2] * UINT64_C(0xc2b2ae3d27d4eb4f)) * UINT64_C(0x165667b19e3779f9);
    return (uint32_t)(mixed >> 40) & (REMEMBERED / 2 - 1);
}

static inline bool is_met(const struct met *met, const struct spelling *spelling, uint32_t count)
{
    const uint64_t *one = met->spelling.parts, *other = spelling->parts;
    return !((one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2]) | (met->length ^ count));
}

static bool is_narrow(const character *characters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (characters[i] > UINT8_MAX)
            return false;
    return true;
}

letter letter_of(struct scratch *scratch, const character *characters, const uint8_t *kinds, uint32_t count)
{
    if (count > LONGEST_WORD || (!scratch->narrow && !is_narrow(characters, count)))
        return worked_out(scratch->words, characters, kinds, count);
    struct spelling spelling = spelled(scratch, characters, count);
    struct met *met = &scratch->met[2 * place_met(&spelling)]; /* the word met last, and the one before */
    for (int i = 0; i < 2; i++)
        if (is_met(&met[i], &spelling, count))
            return met[i].letter;
    letter found = worked_out(scratch->words, characters, kinds, count);
    if (found) { /* else it is to be asked about */
        met[1] = met[0];
        const struct entry *entry = entry_for(scratch->words, characters, count);
        met[0] = (struct met){spelling, found, (uint8_t)count, entry ? entry->flags & KEPT_FLAGS : 0};
    }
    return found;
}

void fetch_letter(const struct scratch *scratch, const character *characters, uint32_t count)
{
    if (count > LONGEST_WORD || !scratch->narrow)
        return;
    struct spelling spelling = spelled(scratch, characters, count);
    fetch(&scratch->met[2 * place_met(&spelling)]);
}

uint32_t flags_of(const struct scratch *scratch, const character *characters, uint32_t count)
{
    if (count > LONGEST_WORD)
        return 0;
    if (scratch->narrow || is_narrow(characters, count)) {
        struct spelling spelling = spelled(scratch, characters, count);
        const struct met *met = &scratch->met[2 * place_met(&spelling)];
        for (int i = 0; i < 2; i++)
            if (is_met(&met[i], &spelling, count))
                return met[i].flags;
    }
    const struct entry *entry = entry_for(scratch->words, characters, count);
    return entry ? entry->flags & KEPT_FLAGS : 0;
}
