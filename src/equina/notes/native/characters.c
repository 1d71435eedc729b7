/* The characters of a text, and of what kind each is. */
#include "text.h"

/* Room for a text of so many characters, of which there are none yet. False without memory. */
bool room_for_text(struct scratch *scratch, size_t count)
{
    scratch->small.count = scratch->kinds.count = scratch->bytes.count = 0;
    return room_for(scratch, &scratch->small, sizeof(character), count) && room_for(scratch, &scratch->kinds, 1, count) &&
           room_for(scratch, &scratch->bytes, 1, count + BEHIND);
}

/* Takes in characters of one byte, or of four. `page`: which must be told before. */
enum taken take_characters(struct scratch *scratch, const void *text, int64_t count, int32_t width, uint32_t *page)
{
    scratch->narrow = width == 1;
    if (!room_for_text(scratch, (size_t)count))
        return NO_MEMORY;
    character *small = scratch->small.items;
    uint8_t *kinds = scratch->kinds.items, *bytes = scratch->bytes.items;
    for (int64_t i = 0; i < count; i++) {
        character one = width == 1 ? ((const uint8_t *)text)[i] : ((const character *)text)[i];
        const struct page *known = one < PAGE * PAGES ? scratch->pages[one / PAGE] : NULL;
        if (!known) {
            *page = one / PAGE;
            return NO_PAGE;
        }
        small[i] = one;
        bytes[i] = (uint8_t)one;
        kinds[i] = known->kind[one % PAGE];
    }
    scratch->small.count = scratch->kinds.count = (size_t)count;
    return TAKEN;
}
