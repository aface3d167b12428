"""How well the shipped rules tag generated news, held where it stands: figures of quality, none of time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bench import tags
from hub.model import Entry
from hub.tags import Tagger
from tests.entries import entry


@pytest.mark.parametrize("seed", [2, 7, 16])
def test_the_shipped_rules_know_what_most_news_is_about_and_what_it_is(seed: int) -> None:
    topics, kinds = map(tags.scored, tags.judged("syndication", seed, tags.shipped()))
    assert tags.together(topics, kinds) >= 0.90
    assert topics.micro >= 0.88
    assert topics.macro >= 0.88
    assert kinds.micro >= 0.99


@pytest.mark.parametrize("seed", [5, 7])
def test_the_shipped_rules_know_other_wordings_too(seed: int) -> None:
    topics, kinds = map(tags.scored, tags.judged("newsroom", seed, tags.shipped()))
    assert topics.micro >= 0.65
    assert kinds.micro >= 0.95


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(tags.shipped())


def tagged(tagger: Tagger, title: str, text: str) -> Entry:
    news = entry("1", title=title, text=text)
    return replace(news, tags=tagger.tags(news))


@pytest.mark.parametrize(
    ("term", "title", "text"),
    [
        ("patient-safety", "Waiting list falls for the fifth month", "The number who wait falls again."),
        (
            "patient-safety",
            "Spending falls to a new low",
            "It falls by a tenth, and falls short of the plan.",
        ),
        ("patient-safety", "Talking about self-harm", "Those who self-harm wrote the guide for nurses."),
        ("patient-safety", "Deteriorating buildings to be mended", "Roofs in Hull leak."),
        (
            "medicines",
            "Free tablets for people at home",
            "Two hundred tablets with a data plan. Use the tablets.",
        ),
        ("medicines", "Rules need not be prescriptive", "A prescriptive form helps no one, boards say."),
        ("cardiovascular", "Lipid nanoparticles for new vaccines", "A plant in Leeds will make them."),
        ("stroke", "Artists give the ward broad strokes", "The brush strokes are those of patients."),
        ("diabetes", "Helpline for diabetes insipidus", "Nurses answer calls about diabetes insipidus."),
        ("mental-health", "Genetic counselling in more clinics", "Genetic counsellors see families sooner."),
        ("mental-health", "Legal counsel joins the board", "She was general counsel of a bank."),
        ("obesity", "When a cough will not go", "Unexplained weight loss is another sign."),
        (
            "maternity",
            "The birth of the NHS in pictures",
            "A show in Tredegar tells of the birth of the NHS.",
        ),
        ("health-inequalities", "Sleep deprivation among night staff", "Sleep-deprived nurses err more."),
        ("workforce", "Relief for men with urinary retention", "Men with urinary retention go home sooner."),
        ("workforce", "Health coaching helps people to walk", "Health coaching is given in groups."),
        ("social-care", "A portal for health care providers", "Health care providers can sign in."),
        (
            "artificial-intelligence",
            "Radiologist shortage delays scans",
            "One radiologist in eight is missing.",
        ),
        ("artificial-intelligence", "Risk scores for old hearts", "A risk score is read from a chart."),
        (
            "artificial-intelligence",
            "Gwobr i nyrsys",
            "Ai dyma'r tro cyntaf? Yn y gymuned neu ai yn yr ysbyty.",
        ),
        ("artificial-intelligence", "Treatment algorithm for sore throats", "It fits on a page."),
        ("evidence", "Job evaluation for porters", "Each job evaluation takes a day."),
        ("evidence", "Chief executive gave evidence to MPs", "She will give evidence again in May."),
        ("life-sciences", "New linear accelerator in Truro", "The linear accelerator treats tumours."),
        ("net-zero", "Carbon monoxide tests for mothers", "A carbon monoxide test takes one breath."),
        ("net-zero", "Cream for solar keratosis", "It is rubbed in twice a day."),
        ("reports", "New reporting rules for trusts", "They begin in May."),
        (
            "events",
            "Injection cuts cardiovascular events",
            "Those who had it had fewer cardiovascular events.",
        ),
        ("events", "Adverse events after a new hip", "Most adverse events came within a week."),
        ("events", "Drop-in clinics for jabs", "Drop-in centres are open on Sundays."),
        ("events", "Major life events and the heart", "Life events were asked about by post."),
        (
            "vacancies",
            "Competition opens for stroke care",
            "The closing date is in May. After the closing date, wait.",
        ),
        ("vacancies", "App saves nurses six hours a week", "They save six hours a week on forms."),
        ("vacancies", "Nursing vacancies at a new low", "Nursing vacancies have halved since 2023."),
        ("vacancies", "Trial now recruiting in Leeds", "The trial is recruiting at nine surgeries."),
        ("vacancies", "Flexible working: what wards learned", "Flexible working suits most of them."),
        (
            "vacancies",
            "New non-executive director named",
            "He was named as non-executive director by the board.",
        ),
        (
            "funding",
            "Dr Sarah Grant joins the board",
            "Dr Grant is a GP. Dr Grant said: I look forward to it.",
        ),
        ("funding", "Regulator grants a licence", "It will grant more of them in May."),
        (
            "funding",
            "Who is eligible for the flu jab",
            "All who are 65 are eligible, and carers are eligible.",
        ),
        ("funding", "New ward now open for patients", "It has twelve beds."),
        (
            "vacancies",
            "Vacancies fall by a third",
            "There are fewer vacancies in nursing, and few vacancies in surgery.",
        ),
        ("vacancies", "How we cut consultant vacancies", "The chief people officer tells what worked."),
        (
            "vacancies",
            "Secondment helped me find my voice, says nurse",
            "Her secondment took six months. She liked the secondment.",
        ),
        ("funding", "Funding call success", "Three projects won money in the latest funding call."),
        ("funding", "Innovate UK grant for robot surgery", "The money is from Innovate UK."),
        ("funding", "How an SBRI Healthcare award helped a firm grow", "It has hired ten people."),
        ("events", "Webinar recording now available", "Missed our webinar? Watch it on our channel."),
        (
            "events",
            "Hundreds attend regional conference",
            "They came to the conference last week. The conference ended with a dinner.",
        ),
        ("events", "Trust wins award at national conference", "It was given at the conference dinner."),
        ("events", "Minister at summit hails science", "The summit in Leeds heard speakers from Oslo."),
        ("events", "Workshop helps people paint again", "The workshop is a favourite at the day centre."),
        ("reports", "Coroner’s report into death published", "Nurses spoke to the family."),
        ("reports", "CQC report finds improvement", "The ward is good."),
        ("reports", "Staff report on life in a war zone", "Two surgeons told what they saw."),
    ],
)
def test_words_that_mean_something_else_give_no_tag(tagger: Tagger, term: str, title: str, text: str) -> None:
    news = tagged(tagger, title, text)
    assert term not in {tag.term for tag in news.tags}
    assert news.kind == "news"


@pytest.mark.parametrize(
    ("term", "title", "text"),
    [
        (
            "patient-safety",
            "Fewer falls on four wards",
            "Falls are down by a third where floors were changed.",
        ),
        ("patient-safety", "Residents urged to check for falls", "A check for falls takes ten minutes."),
        ("medicines", "Fewer blood pressure medicines for the old", "Medicines were stopped one by one."),
        ("mental-health", "Counselling for farmers", "The counsellors know of cows and of debts."),
        ("workforce", "Retention of midwives", "Retention is better where rotas are known."),
        ("artificial-intelligence", "Ward tries AI for notes", "The notes are written while doctors talk."),
        ("artificial-intelligence", "Cymorth AI i nyrsys", "Mae AI yn helpu."),
        ("evidence", "What the evidence says of walks", "The evidence is weak."),
        ("net-zero", "Carbon of a hip operation", "Half of its carbon is in the theatre’s air."),
        ("events", "Event for carers in Hull", "It is free to attend."),
        ("events", "Webinar: preventing falls", "On 3 December at noon."),
        ("events", "Regional conference, 3 December", "Registration is now open."),
        ("events", "Conference 2027", "The conference begins at 9am and ends at 4pm. Venue: the Guildhall."),
        ("events", "Online session: first steps, 3 December", "Book your place."),
        ("events", "Lunch and learn: frailty", "Register here."),
        ("events", "Annual General Meeting", "Our AGM takes place on 3 December. All welcome."),
        ("vacancies", "Ward clerk", "Salary: £24,000 a year. Closing date: 4 May."),
        ("vacancies", "Vacancy: district nurse", "The post is in Ely, part-time."),
        ("vacancies", "Programme manager", "Band 8a, 37.5 hours per week. Apply by 4 May."),
        ("vacancies", "Current vacancies", "A ward clerk."),
        ("vacancies", "Secondment opportunity: midwife", "Six months in Ely."),
        ("funding", "Innovate UK opens competition", "Firms can apply for £100,000. Apply now."),
        ("funding", "Small grants for choirs", "Grants of up to £500 for groups that sing."),
        ("funding", "SBRI Healthcare competition opens", "Firms can apply for £100,000."),
    ],
)
def test_the_same_words_in_their_own_sense_give_the_tag(
    tagger: Tagger, term: str, title: str, text: str
) -> None:
    assert term in {tag.term for tag in tagged(tagger, title, text).tags}
