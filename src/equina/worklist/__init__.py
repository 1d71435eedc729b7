"""The worklist of a screening run: whom to call first, why, what to ask, and what to hand over."""
