/* Slips of the keyboard: the word of the lexicon that is one away (vocabulary.py). */
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define FROM_ANY 8 /* letters of a word from which on its first may be the slip */

/* A word without one of its letters; all of it when that is none of them. */
struct shorter {
    const character *word;
    uint32_t count, without;
};

static uint32_t length_of(const struct shorter *some)
{
    return some->count - (some->without < some->count);
}

static character at(const struct shorter *some, uint32_t i)
{
    return some->word[i + (i >= some->without)];
}

static uint32_t hash_up_to(const struct shorter *some, uint32_t end)
{
    uint32_t hash = NO_HASH;
    for (uint32_t i = 0; i < end; i++)
        hash = hash_on(hash, at(some, i));
    return hash;
}

static struct shorter entry_without(const struct words *words, uint32_t entry, uint32_t without)
{
    return (struct shorter){words->characters + words->entries[entry].first, words->entries[entry].length, without};
}

/* ---- made once ---- */

static void add_start(struct slips *slips, const struct shorter *some)
{
    uint32_t length = length_of(some), bit = mixed_hash(hash_up_to(some, length < START ? length : START)) & 0xffff;
    slips->starts[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Whether the entry is found as it is spelled, or without that letter, the first time. */
static bool is_new(const struct words *words, uint32_t entry, uint32_t without)
{
    const character *word = words->characters + words->entries[entry].first;
    return without == words->entries[entry].length || !without || word[without] != word[without - 1];
}

static bool make_slips(const struct words *words, struct slips *slips, uint32_t flag)
{
    for (uint32_t i = 0; i < words->count; i++)
        slips->count += words->entries[i].flags & flag ? words->entries[i].length + 1 : 0;
    slips->mask = 1;
    while (slips->mask < slips->count)
        slips->mask = 2 * slips->mask + 1;
    slips->all = malloc((slips->count + 1) * sizeof *slips->all);
    slips->places = malloc(((size_t)slips->mask + 1) * sizeof *slips->places);
    if (!slips->all || !slips->places)
        return false;
    memset(slips->places, 0xff, ((size_t)slips->mask + 1) * sizeof *slips->places);
    slips->count = 0;
    for (uint32_t i = words->count; i--;) /* the last first: then the first is found first */
        for (uint32_t j = 0; words->entries[i].flags & flag && j <= words->entries[i].length; j++) {
            struct shorter some = entry_without(words, i, j);
            if (!is_new(words, i, j))
                continue;
            uint32_t hash = hash_up_to(&some, length_of(&some)), *place = &slips->places[mixed_hash(hash) & slips->mask];
            slips->all[slips->count] = (struct slip){hash, i, *place};
            *place = slips->count++;
            add_start(slips, &some);
        }
    return true;
}

bool add_slips(struct words *words)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (words->entries[i].flags & SLIPS_AS_STEM && words->entries[i].length > SLIP_FROM && words->entries[i].length <= LONGEST_WORD)
            words->stem_lengths |= UINT32_C(1) << words->entries[i].length;
    return make_slips(words, &words->of_words, SLIPS_AS_WORD) && make_slips(words, &words->of_stems, SLIPS_AS_STEM);
}

/* ---- asked of each word that is not known ---- */

/* Whether a word begins as one does that is a slip away: a quick look before the thorough one. */
static bool begins_like(const struct slips *slips, const character *word, uint32_t count)
{
    if (count <= START)
        return true;
    for (uint32_t i = 0; i <= START; i++) {
        struct shorter head = {word, START + 1, i};
        uint32_t bit = mixed_hash(hash_up_to(&head, START)) & 0xffff;
        if (slips->starts[bit / 64] >> bit % 64 & 1)
            return true;
    }
    return false;
}

static bool is_like(const struct shorter *some, const character *word, uint32_t count)
{
    if (length_of(some) != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (at(some, i) != word[i])
            return false;
    return true;
}

/* Whether the entry, as it is or without one letter, is what is left of the word. */
static bool has_shorter(const struct words *words, uint32_t entry, const struct shorter *some)
{
    struct shorter whole = entry_without(words, entry, NONE);
    uint32_t length = length_of(some), i = 0;
    if (is_like(some, whole.word, whole.count))
        return true;
    if (length + 1 != whole.count)
        return false;
    while (i < length && at(some, i) == whole.word[i])
        i++;
    for (; i < length; i++)
        if (at(some, i) != whole.word[i + 1])
            return false;
    return true;
}

/* Whether one letter too many, too few, another, or two swapped, make one of the other. */
static bool one_slip(const character *a, uint32_t a_count, const character *b, uint32_t b_count)
{
    if (a_count > b_count + 1 || b_count > a_count + 1)
        return false;
    for (; a_count && b_count && *a == *b; a_count--, b_count--) {
        a++;
        b++;
    }
    if (a_count > b_count)
        return !memcmp(a + 1, b, b_count * sizeof *a);
    if (b_count > a_count)
        return !memcmp(a, b + 1, a_count * sizeof *a);
    if (a_count < 2 || !memcmp(a + 1, b + 1, (a_count - 1) * sizeof *a))
        return true;
    return a[0] == b[1] && a[1] == b[0] && !memcmp(a + 2, b + 2, (a_count - 2) * sizeof *a);
}

/* The hashes of a word, and of what is left of it without each of its characters; the places of these in the slips are bidden. */
static void hash_shorter(const struct slips *slips, const character *word, uint32_t count, uint32_t *hashes)
{
    uint32_t begun = NO_HASH; /* of the characters before the one that is left out */
    for (uint32_t without = 0; without < count; begun = hash_on(begun, word[without++])) {
        uint32_t hash = begun;
        for (uint32_t i = without + 1; i < count; i++)
            hash = hash_on(hash, word[i]);
        hashes[1 + without] = hash;
    }
    hashes[0] = begun;
    for (uint32_t i = 0; i <= count; i++)
        fetch(&slips->places[mixed_hash(hashes[i]) & slips->mask]);
}

/* The first entry that is one slip away and begins with the same so many characters; NULL: none. */
static const struct entry *near_entry(const struct words *words, const struct slips *slips, const character *word, uint32_t count,
                                      uint32_t stem)
{
    uint32_t hashes[LONGEST_WORD + 1], first[LONGEST_WORD + 1]; /* the word itself first */
    hash_shorter(slips, word, count, hashes);
    for (uint32_t i = 0; i <= count; i++) {
        first[i] = slips->places[mixed_hash(hashes[i]) & slips->mask];
        if (first[i] != NONE)
            fetch(&slips->all[first[i]]);
    }
    for (uint32_t which = 0; which <= count; which++) {
        struct shorter some = {word, count, which ? which - 1 : count};
        for (uint32_t i = first[which]; i != NONE; i = slips->all[i].next) {
            if (slips->all[i].hash != hashes[which])
                continue;
            const struct entry *entry = &words->entries[slips->all[i].entry];
            const character *other = words->characters + entry->first;
            if ((*word == *other || entry->length >= FROM_ANY) && entry->length >= stem && !memcmp(word, other, stem * sizeof *word) &&
                has_shorter(words, slips->all[i].entry, &some) && one_slip(word, count, other, entry->length))
                return entry;
        }
    }
    return NULL;
}

/* The letter of a short word with two letters swapped, or one doubled. */
static letter short_slip(const struct words *words, const character *word, uint32_t count)
{
    for (uint32_t i = 1; i + 1 < count; i++) {
        character changed[SLIP_FROM];
        memcpy(changed, word, count * sizeof *word);
        changed[i] = word[i + 1];
        changed[i + 1] = word[i];
        letter found = plain_letter(words, changed, count);
        if (found)
            return found;
        if (word[i] != word[i - 1] || count <= SLIP_FROM - 1)
            continue;
        memcpy(changed, word, i * sizeof *word);
        memcpy(changed + i, word + i + 1, (count - i - 1) * sizeof *word);
        if ((found = plain_letter(words, changed, count - 1)))
            return found;
    }
    return 0;
}

letter slip_of(const struct words *words, const character *word, uint32_t count)
{
    letter swapped = count == SLIP_FROM || count == SLIP_FROM - 1 ? short_slip(words, word, count) : 0;
    if (swapped)
        return swapped;
    const struct entry *found = begins_like(&words->of_words, word, count) ? near_entry(words, &words->of_words, word, count, 0) : NULL;
    if (found)
        return found->word;
    bool like_stems = begins_like(&words->of_stems, word, count);
    for (uint32_t length = count; length > SLIP_FROM && like_stems; length--)
        if (words->stem_lengths >> length & 1 && (found = near_entry(words, &words->of_stems, word, length, 0)))
            return found->stem;
    return 0;
}

letter slip_of_stem(const struct words *words, const character *word, uint32_t count, uint32_t stem)
{
    if (!begins_like(&words->of_words, word, count))
        return 0;
    const struct entry *found = near_entry(words, &words->of_words, word, count, stem);
    return found ? found->word : 0;
}
