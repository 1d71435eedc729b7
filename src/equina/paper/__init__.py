"""What is printed: the page of a case for the desk, a card of the signs that cannot wait, the interview as a form to fill by hand.

Each is a tagged PDF (PDF/UA-1) of black on white that comes out the same on every machine. Needs the extra `paper`.
"""

from equina.paper.card import checklist_pdf
from equina.paper.desk import handover_pdf
from equina.paper.form import form_pdf

__all__ = ["checklist_pdf", "form_pdf", "handover_pdf"]
