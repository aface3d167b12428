"""What sites write beside their news and change by themselves: counts of comments, ages, other news. Pure.

In English, German, French, Spanish, Italian, Dutch, Portuguese, Polish, Welsh,
Swedish, Danish, Norwegian, Arabic and Chinese. Each is all of a segment or none of it: within
a sentence a number is news. Rather is a count told as a correction than one of
a figure in the news missed: what may be one, such as *12,000 visits*, is a count
only beside what is nothing else, such as *3 comments*.

What was it to `earlier` hubs, English alone, stays that for good, whatever is
made of it here: their databases know undated entries by the words without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from ahocorasick_rs import AhoCorasick

LONGEST = 60
"""Characters: a longer segment is none."""

# Without one of these there is none: looked for first, all at once, since most texts have none.
_HINTS = AhoCorasick(
    [
        *(" ago", "comment", "repl", "just now"),
        *("kommentar", "koment", "coment", "reactie", "sylw"),
        *("vor ein", "il y a ", "hace ", "há ", " geleden", " atrás", " temu", " yn ôl", " sedan", " siden"),
        *("منذ ", "قبل ", "تعليق", "刚刚", "评论"),
        *(f"{unit} fa" for unit in ("secondo", "minuto", "ora", "giorno", "settimana", "mese", "anno")),
    ]
)
_HINTS_WITH_A_NUMBER = AhoCorasick(
    [
        *("view", "read", "visit", "hits", "download"),
        *("share", "like", "tweet", "repost", "pin"),
        *("reaction", "response", "vote", "clap"),
        *("antwort", "répons", "respuesta", "rispost", "respost", "odpowied"),
        *("aufruf", "zugriff", "vue", "affichage", "vistas", "lectura", "visualiz", "lettur", "weergave"),
        *("acesso", "leitura", "wyświetl", "odsłon", "visning", "vor "),
        *("مشاهد", "浏览", "阅读", "点击"),
        *(f"{unit}前" for unit in ("秒", "钟", "时", "天", "周", "月", "年", "之")),
        *("facebook", "twitter", "linkedin", "whatsapp", "pinterest", "reddit", "bluesky", "mastodon"),
        *(" to go", " remaining", "day left", "week left", "month left", "hour left", "minute left"),
        *("days left", "weeks left", "months left", "hours left", "minutes left"),
        *(f"{what}{end} in " for what in ("clos", "end", "expir") for end in ("es", "s", "ing")),
        *(f"{what}{end} in " for what in ("start", "open", "begin", "beginn") for end in ("s", "ing")),
        *(
            f"{unit} fa"
            for unit in ("secondi", "minuti", "min", "ore", "giorni", "settimane", "mesi", "anni")
        ),
    ]
)
_NUMBER = re.compile("[0-9]")
_COUNT = r"(?:no|one|\d[\d.,]*[km]?)\+?"
_COUNTED = r"(?:comments?|(?:page\s?)?views?|shares?|likes?|retweets?|reposts?|claps)"
# In news, of emergency departments, consultations, medicines, laboratories and elections.
_ALSO_NEWS = r"(?:visits?|repl(?:y|ies)|responses?|reactions?|reads?|hits|downloads?|votes?)"
_AGE = r"(?:an?|one|a\s+few|\d+)\s?(?:s|sec|second|m|min|minute|h|hr|hour|d|day|week|month|year)s?"
# What a site's template writes beside the news, as a segment of its own. What all of it matches stays as it
# is, since undated entries are known by what it does not; `also_news` and `age` are what of it may be news.
_ENGLISH = re.compile(
    rf"""
      {_COUNT} \s+ {_COUNTED} (?: \s+ so \s+ far )?
    | {_COUNTED} (?: \s+ count )? [:\s]* \(? {_COUNT} \)?
    | (?P<also_news>
          {_COUNT} \s+ {_ALSO_NEWS} (?: \s+ so \s+ far )?
        | {_ALSO_NEWS} (?: \s+ count )? [:\s]* \(? {_COUNT} \)?
        | (?: downloaded | visited ) [:\s]+ {_COUNT} (?: \s+ times? )?
      )
    | (?: viewed | read | shared | liked ) [:\s]+ {_COUNT} (?: \s+ times? )?
    | (?: share | tweet | pin | like ) (?: \s+ (?: this | it ) )? [:\s]* \(? {_COUNT} \)?
    | (?: leave | add | post ) \s+ a \s+ (?: comment | reply ) | be \s+ the \s+ first \s+ to \s+ comment
    | just \s+ now
    | (?P<since>
          (?: first \s+ | last \s+ )? (?: posted | published | updated | modified | edited | added ) [:\s]+
      )?
      (?P<age>
          (?: (?: about | over | almost | nearly ) \s+ )? {_AGE} (?: ,? \s+ (?: and \s+ )? {_AGE} )? \s+ ago
      )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FIGURES = r"\d[\d.,\s]*[km]?\+?"
# What is counted, with what of it: *total views*, *views today*. What is still to come is counted down.
_NETWORKS = r"(?:facebook|twitter|linkedin|whatsapp|pinterest|reddit|bluesky|mastodon|email)"
_OTHER_ENGLISH = (
    rf"(?:total|post|number of|page) (?:page )?views?\s?[:(]?\s?{_COUNT}\)?"
    rf"|{_COUNT} (?:total )?(?:page )?views(?: today)?(?:, {_COUNT} (?:total )?(?:page )?views(?: today)?)?"
    rf"|(?:this|the) (?:page|post|article|item|story) (?:has been|was) (?:viewed|read|shared) {_COUNT} times?"
    rf"|{_COUNT} (?:people|persons?) likes? this"
    rf"|{_NETWORKS}[:\s]\s?\(?{_COUNT}\)?(?:[,|\s]\s?{_NETWORKS}[:\s]\s?\(?{_COUNT}\)?)*"
    rf"|(?:posted|published|updated)[:\s] ?{_AGE} ago by [^\d.:]{{1,40}}"
    rf"|(?:(?:you have|there (?:is|are)) )?(?:only |just )?{_AGE} (?:left|to go|remaining)"
    r"(?: to [a-z ]{1,30})?"
    r"|(?:clos(?:es|ing)|end(?:s|ing)|expir(?:es|ing)|start(?:s|ing)|open(?:s|ing)|begin(?:s|ning))"
    rf" in {_AGE}"
)
_COMMENTS = (
    r"kommentar(?:e|er)?|commentaires?|comentarios?|comentários?|comment[oi]|reacties?|komentarz[ey]?"
    r"|(?:o )?sylw(?:adau)?"
)
# Also visits to patients, answers to a consultation, views of a film that is the news.
_ALSO_NEWS_ELSEWHERE = (
    r"antworten|réponses?|respuestas?|rispost[ae]|respostas?|odpowied(?:ź|zi)"
    r"|aufrufe?|zugriffe?|vues?|affichages?|visitas?|vistas|lecturas?|visualizzazion[ei]|visite|letture"
    r"|weergaven?|visualizaç(?:ão|ões)|acessos?|leituras?|wyświetle(?:ń|nia|nie)|odsłon[ay]?"
    r"|visning(?:ar|er)?"
)
# Of the page in these, whatever is told above it.
_VIEWS_ELSEWHERE = (
    rf"(?:عدد )?(?:ال)?مشاهد(?:ات|ة)\s?[:\uff1a]\s?{_FIGURES}|{_FIGURES}مشاهد(?:ات|ة)"
    rf"|(?:浏览|阅读|点击)(?:次数|量|数)?\s?[:\uff1a]?\s?{_FIGURES}次?|{_FIGURES}次?(?:浏览|阅读|点击)"
    rf"|{_FIGURES}(?:条|个)?评论|评论\s?[:\uff1a(\uff08]?\s?{_FIGURES}[)\uff09]?"
    rf"|{_FIGURES}تعليق(?:ات|ا)?|(?:ال)?تعليقات\s?[:(]?\s?{_FIGURES}\)?"
    rf"|(?:liczba )(?:wyświetleń|odsłon)\s?:\s?{_FIGURES}"
)
# *Ein Kommentar* is no count: it stands above an opinion. Nor is *Kein Kommentar*, which is an answer.
_NO_COMMENTS = (
    "keine kommentare|aucun commentaire|pas(?: encore)? de commentaires?|(?:sin|no hay) comentarios"
    "|nessun commento|geen reacties|(?:sem|nenhum) comentários?|brak komentarzy|dim sylwadau"
    "|(?:inga|ingen) kommentarer"
)
_COMMENT_HERE = (
    "(?:einen )?kommentar (?:hinterlassen|schreiben|verfassen)|(?:schreibe?|hinterlasse?) einen kommentar",
    "(?:laisse[rz]|ajoute[rz]|écrire) un commentaire",
    "(?:dejar?|deje|añadir?|añade|escribir?|escribe) un comentario",
    "(?:lascia|aggiungi|scrivi) un commento",
    "(?:laat|geef|plaats) een reactie(?: achter)?|reactie (?:plaatsen|toevoegen)",
    "(?:deixe|deixar|adicionar|escrever) um comentário",
    "(?:dodaj|zostaw|napisz) komentarz",
    "(?:gadael|gadewch|ychwanegu|ychwanegwch) sylw",
    "(?:lämna|skriv|efterlad|legg igjen) en kommentar",
)
_SINCE = (
    "(?:zuletzt )?(?:veröffentlicht|aktualisiert)|publiée?|mise? à jour|publicad[ao]|actualizad[ao]"
    "|pubblicat[ao]|aggiornat[ao]|gepubliceerd|geplaatst|bijgewerkt|atualizad[ao]|opublikowan[aoey]"
    "|zaktualizowan[aoey]|cyhoeddwyd|diweddarwyd|publicera[dt]|uppdatera[dt]|publiceret|opdateret"
    "|publisert|oppdatert|نشر|نُشر|发布于?|更新于?"
)
# `#` stands for figures. In words, it is one: *lata temu*, years ago, is how stories begin.
_AGES = (
    "vor (?:#|einer|einem) (?:sekunden?|min(?:uten?)?|std|stunden?|tag(?:en)?|wochen?|monat(?:en)?"
    "|jahr(?:en)?)",
    "il y a (?:environ )?(?:#|une?) (?:secondes?|min(?:utes?)?|h(?:eures?)?|jours?|semaines?|mois|ans?)",
    "hace (?:#|una?) (?:segundos?|min(?:utos?)?|h(?:oras?)?|días?|semanas?|mes(?:es)?|años?)",
    "(?:# |una? |un['’])(?:second[oi]|min(?:ut[oi])?|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]) fa",
    "(?:#|een|één) (?:seconden?|min(?:uut|uten)?|uur|dag(?:en)?|week|weken|maand(?:en)?|jaar) geleden",
    "há (?:#|uma?) (?:segundos?|min(?:utos?)?|h(?:oras?)?|dias?|semanas?|mês|meses|anos?)(?: atrás)?",
    "(?:#|uma?) (?:segundos?|min(?:utos?)?|h(?:oras?)?|dias?|semanas?|mês|meses|anos?) atrás",
    "(?:# (?:sekund[ęy]?|min(?:ut[ęy]?)?|godz(?:in[ęy]?)?|dni|tygodni[ea]?|miesiące|miesięcy|lata?)"
    "|(?:1 )?(?:sekundę|minutę|godzinę|dzień|tydzień|miesiąc|rok)) temu",
    "(?:# (?:o )?(?:eiliadau|[mf]unudau|oriau|(?:d|dd|n)iwrnod(?:au)?|dd?yddiau|wythnosau|[mf]is|[mf]isoedd"
    "|[bmf]lynedd|[bf]lynyddoedd)|(?:# )?(?:eiliad|[mf]unud|awr|diwrnod|wythnos|mis|[bf]lwyddyn)) yn ôl",
    "(?:för )?(?:#|en|ett) (?:sekund(?:er)?|min(?:ut(?:er)?)?|tim|timm(?:e|ar)|dag(?:ar)?|veck(?:a|or)"
    "|månad(?:er)?|år) sedan",
    "(?:for )?(?:#|en|ett?) (?:sekund(?:er)?|min(?:utt?(?:er)?)?|timer?|dag(?:er?)?|u[gk]er?|måned(?:er)?"
    "|år) siden",
    "(?:منذ|قبل) (?:# )?(?:ثوان|ثانية|دقائق|دقيقة|دقيقتين|ساعات|ساعة|ساعتين"
    "|أيام|يوم|يوما|يومين|أسابيع|أسبوع|أسبوعين)",
    "#\\s?(?:秒|分钟|小时|天|周|个月|年)(?:之?前)|刚刚",
)
# Ages of an institution or a method, too: *Vor 50 Jahren – am 3. Mai – …*
_MONTHS_OR_YEARS = re.compile(
    r"(?:\b|(?<=\d))(?:month|year|monat|jahr|mois|an$|ans$|mes|año|ann[oi]|maand|jaar|mês|ano|miesi|rok|lat"
    r"|[mf]is|[bmf]l[wy]|månad|måned|år)",
    re.IGNORECASE,
)


_SIGNS_BEFORE = re.compile(r"\A[^\w(]+")


@cache
def _in_other_languages() -> re.Pattern[str]:
    # Made when it is asked for: a round that finds nothing new starts without.
    return re.compile(
        rf"{_OTHER_ENGLISH}|{_VIEWS_ELSEWHERE}"
        rf"|{_FIGURES}(?:{_COMMENTS})|(?:{_COMMENTS})\s?[:(]\s?{_FIGURES}\)?"
        rf"|(?P<also_news>{_FIGURES}(?:{_ALSO_NEWS_ELSEWHERE})"
        rf"|(?:{_ALSO_NEWS_ELSEWHERE})\s?[:(]\s?{_FIGURES}\)?)"
        rf"|{_NO_COMMENTS}|{'|'.join(_COMMENT_HERE)}"
        rf"|(?P<since>(?:{_SINCE}):? )?(?P<age>{'|'.join(_AGES).replace('#', '[0-9]+')})",
        re.IGNORECASE,
    )


# What leads to other news, as a block of its own.
_ENGLISH_ELSEWHERE = (
    r"you (?:may|might) (?:also )?(?:like|enjoy|be interested in)"
    r"|(?:related|recent|popular|most read|latest) (?:posts?|articles?|news|stories|content|reading)"
)
_ELSEWHERE_EARLIER = re.compile(rf"(?:{_ENGLISH_ELSEWHERE})\W*")
_ELSEWHERE = re.compile(
    rf"(?:{_ENGLISH_ELSEWHERE}"
    r"|(?:(?:more|other|similar|further|trending|top|recommended|featured)"
    r" (?:posts?|articles?|news|stories|content)"
    r"|more (?:from|in) (?:this|the|our) \w+|(?:read|up|what to read) next|also in the news|keep reading"
    r"|trending(?: now)?|most (?:popular|viewed|read|shared)|recommended(?: for you)?)"
    r"|(?:weitere|mehr) (?:beiträge|artikel|meldungen|nachrichten)|mehr zum thema|lesen sie auch"
    r"|(?:à )?lire (?:aussi|également)|autres (?:articles|actualités)"
    r"|(?:zobacz|czytaj) (?:także|też|również)|inne (?:artykuły|wiadomości)"
    r"|(?:newyddion|erthyglau|straeon) eraill|otras (?:noticias|entradas)|altre notizie|lees ook|leia também"
    r"|اقرأ (?:أيضا|أيضًا|المزيد)|(?:مواضيع|أخبار|مقالات) ذات صلة"
    r"|相关(?:阅读|新闻|文章|内容|推荐)|推荐阅读|更多(?:新闻|文章)|延伸阅读"
    r"|(?:ähnliche|verwandte|neueste|beliebte) (?:beiträge|artikel|meldungen|nachrichten)"
    r"|das könnte (?:sie|dich|euch) auch interessieren"
    r"|(?:articles|actualités|contenus) (?:similaires|connexes|associée?s|liée?s|récente?s|populaires)"
    r"|derniers articles|dernières actualités|vous aimerez (?:peut-être )?aussi"
    r"|(?:cela|ça) (?:peut|pourrait) (?:aussi )?vous intéresser"
    r"|(?:artículos|entradas|noticias) (?:relacionad[ao]s|similares|recientes|populares)"
    r"|(?:también )?te (?:puede|podría) interesar"
    r"|(?:articoli|post|notizie|contenuti) (?:correlat[ei]|simili|recenti|popolari)"
    r"|potrebbe(?:ro)? (?:anche )?interessarti(?: anche)?|ti potrebbe(?:ro)? interessare(?: anche)?"
    r"|(?:gerelateerde|vergelijkbare|recente|populaire|laatste) (?:berichten|artikelen)|gerelateerd nieuws"
    r"|(?:artigos|posts?|notícias|conteúdos) (?:relacionad[ao]s|semelhantes|recentes|populares)"
    r"|(?:você )?também (?:pode gostar|(?:lhe )?(?:pode|poderá) interessar)"
    r"|(?:powiązane|podobne|ostatnie|najnowsze|popularne) (?:artykuły|wpisy|posty|wiadomości)"
    r"|(?:erthyglau|straeon|newyddion) (?:cysylltiedig|perthnasol|tebyg|diweddar|diweddaraf|poblogaidd)"
    r"|(?:relaterade|liknande|senaste) (?:artiklar|inlägg|nyheter)"
    r"|(?:relater(?:ede|te)|lignende|seneste|siste) (?:artikler|indlæg|innlegg|nyheder|nyheter|saker)"
    r")\W*"
)
# So many short blocks may follow it.
_MOST_ELSEWHERE, _LONGEST_ELSEWHERE = 12, 160


def may_be_in(lower: str) -> bool:
    """Whether any may stand in a text in lower case: it is quick, and false of most texts."""
    return bool(_HINTS.find_matches_as_indexes(lower)) or (
        _NUMBER.search(lower) is not None and bool(_HINTS_WITH_A_NUMBER.find_matches_as_indexes(lower))
    )


def without_counts(segments: Sequence[str], *, is_block: bool, earlier: bool) -> Sequence[str]:
    """The segments of a block, sentences or what stands between bars, without those that are a count or age.

    An age in months or years is one behind a word such as *posted*, as the
    whole of what `is_block`, or beside what is nothing but furniture.
    """
    kinds = [_kind(segment, earlier=earlier) if len(segment) <= LONGEST else "" for segment in segments]
    if not any(kinds):
        return segments
    if earlier or "furniture" in kinds or (is_block and kinds == ["age"]):
        return [segment for segment, kind in zip(segments, kinds, strict=True) if not kind]
    return segments


def _kind(segment: str, *, earlier: bool) -> Literal["furniture", "news or not", "age", ""]:
    said = segment.strip(" \t.,:;!()[]")
    found = _ENGLISH.fullmatch(said)
    if found is None and not earlier:
        # Beside counts stand signs: an eye, a heart.
        said = _SIGNS_BEFORE.sub("", said)
        found = _ENGLISH.fullmatch(said) or _in_other_languages().fullmatch(said)
    if found is None:
        return ""
    if found["also_news"]:
        return "news or not"
    is_age = found["age"] and not found["since"] and _MONTHS_OR_YEARS.search(found["age"])
    return "age" if is_age else "furniture"


def without_elsewhere(blocks: Sequence[str], *, earlier: bool) -> Sequence[str]:
    """The blocks of a text without the list of other news at its end, which is another at each visit."""
    elsewhere = _ELSEWHERE_EARLIER if earlier else _ELSEWHERE
    for at in range(max(1, len(blocks) - 1 - _MOST_ELSEWHERE), len(blocks) - 1):
        is_heading = len(blocks[at]) <= LONGEST and elsewhere.fullmatch(blocks[at].lower())
        if is_heading and max(map(len, blocks[at + 1 :])) <= _LONGEST_ELSEWHERE:
            return blocks[:at]
    return blocks
