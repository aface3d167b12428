"""Which words of an entry count, so that what templates write beside them is no change; what a change was."""

from __future__ import annotations

import random

import pytest

from hub import markup
from hub.wording import Piece, difference, that_count

NEWS = "The ward opens in spring, says the trust.\nIt has room for twelve."
LONG = "The ward opens in spring, and has room for twelve people who live in the county, says the trust. " * 2


@pytest.mark.parametrize(
    "place", [f"{NEWS}\n{{}}", f"{LONG.strip()} {{}}", "{}\n" + NEWS, f"{LONG}\n{{}} | Print", "{} | " + LONG]
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("4 comments", "5 comments"),
        ("No comments", "1 comment"),
        ("Leave a comment", "One comment"),
        ("Comments (9)", "Comments (10)"),
        ("Viewed 101 times", "Viewed 1,102 times"),
        ("Views: 99", "Views: 1.2k"),
        ("1,234 page views", "1,240 page views"),
        ("Share 12", "Share 13"),
        ("12 shares · 3 likes", "14 shares · 4 likes"),
        ("Posted 3 minutes ago", "Posted an hour ago"),
        ("Last updated: 2 hours ago", "Last updated: 1 day ago"),
        ("just now", "2 mins ago"),
        ("Published 1 week, 2 days ago", "Published 2 weeks ago"),
        # In German, French, Spanish, Italian, Dutch, Portuguese, Polish, Welsh, Swedish, Danish, Norwegian.
        ("Keine Kommentare", "1 Kommentar"),
        ("Kommentar hinterlassen · Aufrufe: 99", "Kommentare (12) · Aufrufe: 1.204"),
        ("Aktualisiert vor einer Stunde", "Aktualisiert: vor 2 Tagen"),
        ("Aucun commentaire", "3 commentaires"),
        ("Laisser un commentaire | 99 vues", "Commentaires : 2 | 1 204 vues"),
        ("Publié il y a une heure", "Publié il y a 3 jours"),
        ("No hay comentarios", "12 comentarios"),
        ("Deja un comentario. Visitas: 9", "1 comentario. Visitas: 10"),
        ("hace 3 minutos", "Actualizado hace un día"),
        ("Nessun commento", "3 commenti"),
        ("Lascia un commento – Letture: 8", "1 commento – Letture: 9"),
        ("un’ora fa", "3 giorni fa"),
        ("Geen reacties", "3 reacties"),
        ("Geef een reactie | 8 weergaven", "1 reactie | 9 weergaven"),
        ("Geplaatst 3 uur geleden", "een week geleden"),
        ("Nenhum comentário", "3 comentários"),
        ("Deixe um comentário", "1 comentário"),
        ("Publicado há 3 horas", "2 dias atrás"),
        ("Brak komentarzy", "5 komentarzy"),
        ("Dodaj komentarz | Wyświetleń: 8", "3 komentarze | Wyświetleń: 9"),
        ("godzinę temu", "Opublikowano 5 dni temu"),
        ("Dim sylwadau", "3 sylw"),
        ("Gadael sylw", "5 o sylwadau"),
        ("awr yn ôl", "Diweddarwyd 3 o ddiwrnodau yn ôl"),
        ("2 ddiwrnod yn ôl", "3 wythnos yn ôl"),
        ("Inga kommentarer", "3 kommentarer"),
        ("Lämna en kommentar", "för 2 veckor sedan"),
        ("Ingen kommentarer", "for 2 uger siden"),
        ("Legg igjen en kommentar", "for 3 uker siden"),
        # What may be news is none beside what is nothing else.
        ("2 comments | 12 replies | 3 years ago", "3 comments | 13 replies | 4 years ago"),
        ("Posted 11 months ago", "Posted a year ago"),
        ("Visitas: 1.200 · 2 comentarios", "Visitas: 1.300 · 3 comentarios"),
        ("Vor 11 Monaten | Keine Kommentare", "Vor einem Jahr | 1 Kommentar"),
        ("Publié il y a 11 mois", "Publié il y a un an"),
        ("Diweddarwyd 3 blynedd yn ôl", "Diweddarwyd 4 blynedd yn ôl"),
        # With what is counted of it, behind a sign, or by network.
        ("Post Views: 9", "Post Views: 10"),
        ("90 total views, 1 views today", "91 total views, 2 views today"),
        ("This page has been viewed 99 times", "This page has been viewed 100 times"),
        ("👁 99 views", "👁 100 views"),
        ("12 people like this", "13 people like this"),
        ("Facebook 12 Twitter 3 LinkedIn 4", "Facebook 13 Twitter 3 LinkedIn 5"),
        ("Posted 3 days ago by the press office", "Posted 4 days ago by the press office"),
        # What is still to come.
        ("5 days to go", "4 days to go"),
        ("You have 5 days left to apply", "You have 1 day left to apply"),
        ("Closes in 3 weeks", "Closes in 20 days"),
        # In Arabic and Chinese.
        ("منذ 3 أيام", "منذ أسبوع"),
        ("عدد المشاهدات: 99", "عدد المشاهدات: 100"),
        ("99 مشاهدة | 3 تعليقات", "100 مشاهدة | 4 تعليقات"),
        ("3天前", "发布于 2 周前"),
        ("浏览次数：99", "浏览次数：1,204"),
        ("阅读量：99 次 | 评论(3)", "阅读量：100 次 | 4条评论"),
    ],
)
def test_counters_and_ages_that_stand_by_themselves_do_not_count(place: str, before: str, after: str) -> None:
    assert that_count("Ward", place.format(before)) == that_count("Ward", place.format(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It helps 12 patients.", "It helps 1,200 patients."),
        (
            "The inquiry had 12 responses to its questions.",
            "The inquiry had 1,200 responses to its questions.",
        ),
        ("The ward opened 3 years ago in Leeds.", "The ward opened 4 years ago in Leeds."),
        ("Views on it differ: 12 of them were read out.", "Views on it differ: 13 of them were read out."),
        ("12 beds", "13 beds"),
        ("See https://east.example/?p=1", "See https://east.example/?p=2"),
        ("Related news will follow.", "Recent news will follow."),
        # Above an opinion, an answer to a question, and how a story begins.
        ("Ein Kommentar", "Ein Bericht"),
        ("Kein Kommentar.", "Kein Wort."),
        ("Vor vielen Jahren.", "Vor vielen Wochen."),
        ("Lata temu.", "Dni temu."),
        ("Flynyddoedd yn ôl.", "Wythnosau yn ôl."),
        ("Vue 2 | Die Software", "Vue 3 | Die Software"),
        ("Vor 3 Jahren wurde das Haus gebaut.", "Vor 4 Jahren wurde das Haus gebaut."),
        ("Das Haus wurde vor 3 Jahren gebaut.", "Das Haus wurde vor 4 Jahren gebaut."),
        ("Il y a 3 ans de travaux.", "Il y a 4 ans de travaux."),
        ("L’hôpital a reçu 12 visites.", "L’hôpital a reçu 13 visites."),
        ("Hace 3 años que no llueve.", "Hace 4 años que no llueve."),
        ("Fa 3 gradi.", "Fa 4 gradi."),
        ("Há 3 horas de espera.", "Há 4 horas de espera."),
        ("Het huis is 3 jaar geleden gebouwd.", "Het huis is 4 jaar geleden gebouwd."),
        ("Szpital otwarto 3 lata temu.", "Szpital otwarto 4 lata temu."),
        ("Agorwyd y ward 3 blynedd yn ôl.", "Agorwyd y ward 4 blynedd yn ôl."),
        ("Huset byggdes för 3 år sedan.", "Huset byggdes för 4 år sedan."),
        # Visits to departments, answers to a consultation, effects of medicines, what laboratories read.
        ("12,000 visits", "21,000 visits"),
        ("Visits: 1,200", "Visits: 12,000"),
        ("340 responses", "430 responses"),
        ("12 replies", "21 replies"),
        ("Reactions: 3", "Reactions: 5"),
        ("1,000 reads", "10,000 reads"),
        ("Votes: 45", "Votes: 54"),
        ("12 downloads", "21 downloads"),
        ("Visited: 12", "Visited: 21"),
        ("340 Antworten", "430 Antworten"),
        ("3 Aufrufe", "4 Aufrufe"),
        ("Zugriffe: 12", "Zugriffe: 21"),
        ("340 réponses", "430 réponses"),
        ("12 vues", "21 vues"),
        ("Visitas: 1.200", "Visitas: 12.000"),
        ("340 respuestas", "430 respuestas"),
        ("12 lecturas", "21 lecturas"),
        ("12.000 visite", "21.000 visite"),
        ("340 risposte", "430 risposte"),
        ("Letture: 12", "Letture: 21"),
        ("12 weergaven", "21 weergaven"),
        ("1.240 respostas", "2.140 respostas"),
        ("12 acessos", "21 acessos"),
        ("340 odpowiedzi", "430 odpowiedzi"),
        ("12 wyświetleń", "21 wyświetleń"),
        ("12 visningar", "21 visningar"),
        ("50 years ago – on 3 May – the ward opened.", "60 years ago – on 3 May – the ward opened."),
        ("11 months ago. It was May.", "12 months ago. It was May."),
        ("Vor 50 Jahren – am 3. Mai – war es so.", "Vor 60 Jahren – am 3. Mai – war es so."),
        ("Il y a 80 ans… le CHU ouvrait.", "Il y a 70 ans… le CHU ouvrait."),
        ("Hace 25 años… nacía el instituto.", "Hace 35 años… nacía el instituto."),
        ("10 anni fa – a maggio – apriva.", "20 anni fa – a maggio – apriva."),
        ("3 jaar geleden – in mei – begon het.", "4 jaar geleden – in mei – begon het."),
        ("Há 30 anos… abria o hospital.", "Há 40 anos… abria o hospital."),
        ("30 anos atrás… abria o hospital.", "40 anos atrás… abria o hospital."),
        ("5 lat temu – w maju – otwarto szpital.", "6 lat temu – w maju – otwarto szpital."),
        ("3 blynedd yn ôl – ym mis Mai – agorwyd.", "4 blynedd yn ôl – ym mis Mai – agorwyd."),
        ("För 50 år sedan – i maj – öppnade huset.", "För 60 år sedan – i maj – öppnade huset."),
        ("For 3 måneder siden – i mai – var det så.", "For 4 måneder siden – i mai – var det så."),
    ],
)
def test_what_is_said_of_numbers_in_a_sentence_counts(before: str, after: str) -> None:
    assert that_count("Ward", f"{NEWS}\n{before}") != that_count("Ward", f"{NEWS}\n{after}")


def test_a_list_of_other_news_at_the_end_does_not_count() -> None:
    one = f"{NEWS}\nYou may also like\nBids are invited\nLunch is served"
    other = f"{NEWS}\nYou may also like\nThe board meets"
    assert that_count("Ward", one) == that_count("Ward", other) == that_count("Ward", NEWS)


@pytest.mark.parametrize(
    "heading",
    [
        "Ähnliche Beiträge",
        "Das könnte Sie auch interessieren:",
        "Articles similaires",
        "Vous aimerez aussi",
        "Artículos relacionados",
        "También te puede interesar",
        "Articoli correlati",
        "Potrebbe interessarti anche",
        "Gerelateerde berichten",
        "Artigos relacionados",
        "Você também pode gostar",
        "Powiązane artykuły",
        "Erthyglau cysylltiedig",
        "Relaterade artiklar",
        "Relaterede artikler",
        "Relaterte saker",
        "More news",
        "Read next",
        "Recommended for you",
        "Weitere Meldungen",
        "Mehr zum Thema",
        "À lire aussi",
        "Zobacz także",
        "Newyddion eraill",
        "اقرأ أيضا",
        "相关新闻",
    ],
)
def test_nor_does_one_in_another_language(heading: str) -> None:
    one, other = f"{NEWS}\n{heading}\nEins zwei\nDrei", f"{NEWS}\n{heading}\nVier"
    assert that_count("Ward", one) == that_count("Ward", other) == that_count("Ward", NEWS)
    # With news below it, within a sentence or at the end, it is what somebody says.
    for said in (f"{heading}\n{LONG}", f"{heading.rstrip(':')} gibt es viele.\nEins", heading):
        assert that_count("Ward", f"{NEWS}\n{said}") == f"ward\n{markup.words(f'{NEWS} {said}')}"


def test_nor_does_one_below_a_long_text() -> None:
    assert that_count("Ward", f"{LONG}\nRelated news\nEast\nWest") == that_count("Ward", LONG.strip())


def test_news_that_follows_such_a_heading_at_length_counts() -> None:
    for after in (LONG, f"{LONG}\nEast", f"East\n{LONG}", f"East\n{LONG}\nWest"):
        related = f"{NEWS}\nRelated news\n{after}"
        assert that_count("Ward", related) == f"ward\n{markup.words(related)}"


def test_where_a_visible_link_says_its_reader_came_from_does_not_count() -> None:
    link = "Read https://east.example/ward?id=7&utm_source={}#top for more."
    assert that_count("Ward", link.format("rss")) == that_count("Ward", link.format("mail"))


def test_addresses_without_parameters_are_left_as_they_are() -> None:
    links = "See https://east.example/ward/ and http://west.example/#a?utm_source=b."
    assert that_count("Ward", links) == f"ward\n{markup.words(links.replace('?utm_source=b.', ''))}"


def test_a_run_of_addresses_without_an_end_is_looked_through_once() -> None:
    # From each of them on, this would take an hour.
    assert that_count("Ward", "http://" * 500_000).count("http") == 500_000


def test_words_without_any_of_that_are_all_there_in_their_order() -> None:
    told = "the ward of 12 views shares opens: ago, comment; https read like now 3 more | and – so. On"
    words = told.split()
    chance = random.Random(7)
    for _ in range(300):
        text = " ".join(f"{each} well" for each in chance.choices(words, k=60))
        assert that_count("", text).split() == markup.words(text).split()


# ---------------------------------------------------------------- what a change was


def test_a_difference_shows_what_went_and_what_came_with_the_words_around_it() -> None:
    said = (
        "The pilot helped {} patients in its first year, an evaluation of it says, and it goes on until {}."
    )
    before, after = said.format("12", "June"), said.format("1,200", "July")
    assert difference(before, after) == (
        Piece("kept", "The pilot helped"),
        Piece("removed", "12"),
        Piece("added", "1,200"),
        Piece("kept", "patients in its first year, an … says, and it goes on until"),
        Piece("removed", "June."),
        Piece("added", "July."),
    )


def test_the_same_words_have_no_difference() -> None:
    assert difference(NEWS, NEWS.replace("\n", "  ")) == ()


def test_what_was_added_or_taken_away_whole_is_one_piece() -> None:
    assert difference("", "Ward opens") == (Piece("added", "Ward opens"),)
    assert difference("Ward opens", "") == (Piece("removed", "Ward opens"),)


def test_twenty_changes_of_a_long_text_are_shown_one_by_one() -> None:
    chance = random.Random(1)
    before = chance.choices([f"word{n}" for n in range(1_000)], k=2_000)
    changed = sorted(chance.sample(range(2_000), 20))
    after = [f"new{n}" if n in changed else word for n, word in enumerate(before)]
    pieces = difference(" ".join(before), " ".join(after))
    assert [piece.words for piece in pieces if piece.part == "added"] == [f"new{n}" for n in changed]


def test_texts_made_to_be_alike_everywhere_are_compared_in_so_many_steps() -> None:
    before = [f"w{n % 100}" for n in range(1_998)]
    after = [word for n in range(999) for word in (f"w{n % 100}", f"x{n}")]
    assert 0 < len(difference(" ".join(["p", *before, "q"]), " ".join(["r", *after, "s"]))) < 50


def test_texts_too_long_to_compare_are_shown_as_one_change() -> None:
    before, after = "a b " * 4_000, "c d " * 4_000
    assert [piece.part for piece in difference(before, after)] == ["removed", "added"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It costs £500", "It costs €500"),
        ("Costs of 500 £", "Costs of 500 €"),
        ("It was -5 at night", "It was 5 at night"),
        ("For children < 5", "For children > 5"),
        ("It fell by 5%", "It fell by 5"),
        ("More than 5 days left the ward empty", "More than 6 days left the ward empty"),
    ],
)
def test_a_sign_beside_a_figure_counts_as_a_word_does(before: str, after: str) -> None:
    assert that_count("Ward", f"{NEWS} {before}.") != that_count("Ward", f"{NEWS} {after}.")
    assert that_count(before, NEWS) != that_count(after, NEWS)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5-10", "5–10"), ("5 %", "5%"), ("−5", "-5"), ("€ 5", "€5"), ("the 5", "the - 5"), ("A+ & B", "A B")],
)
def test_how_a_sign_is_set_does_not(one: str, other: str) -> None:
    assert that_count("Ward", f"{NEWS} {one}") == that_count("Ward", f"{NEWS} {other}")
