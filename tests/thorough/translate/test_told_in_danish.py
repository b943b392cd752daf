"""What Danish records really say, however people and systems write it, is labelled; what only looks like it is not."""

from __future__ import annotations

import time

import pytest

from gateway.domain.security_label import ACT_CODE, DATA_CLASS
from gateway.settings import Settings
from gateway.translate.policy_tables import load

_, LABELLER = load(Settings().mappings_folder / "policy")


def told(words: str, kind: str = "Communication", sector: str = "region") -> tuple[set[str], str]:
    """The sensitive labels of a message that says this, without their systems, and its data class."""
    labels, data_class = LABELLER.label(
        {"resourceType": kind, "payload": [{"contentString": words}]}, sector, kind, "source"
    )
    return {one.rpartition("|")[2] for one in labels if one.startswith((ACT_CODE, DATA_CLASS))}, data_class


SAID = {
    "PSY": (
        "bipolær lidelse|maniform|cuttede sig i nat|anorektisk|panikanfald|socialfobi|agorafobi|ADD|eupd|"
        "frihedsberøvet|Lewy body|dissociativ|traumatiseret|svær belastningsreaktion|mental lidelse|"
        "mentalt helbred|kataton|psykoedukation|ludomani|BUP|opus-forløb|TRUXAL 25 mg|Brintellix|Saroten|"
        "noritren|Medikinet|Strattera|Exelon|"
        "skizofren|SKIZOFRENI|skizo-affektiv|skitsofreni|psykriatisk|phsykiatri|psyk. afd.|Psyk.afd. 4|psyk|"
        "distriktspsyk|retspsyk.|psykolog|psykofarmaka|antipsykotika|sindslidende|sindssyg|Clozapin 100 mg|"
        "LEPONEX|Olanzapin|risperdal|Quetiapin|Litarex|lithium|sertralin|Ritalin|ECT|selvmordsforsøg|"
        "selvmordsforsoeg|selvmordsforsog|SELVMORDSFORSØG|suicidal|suicidalrisiko|skærer i sig selv|"
        "selvbeskadigende|tvang|tvangsindlaeggelse|tvangsmedicineret|baeltefikseret|gule papirer|"
        "Gule\nPapirer|hører stemmer|OCD|EUPF|emotionelt ustabil|hypoman|mani|asperger|delir|dobbeltdiagnose|"
        "DF20|DF20.0|DF200|df20.0|D F20.0|(DF20.0)|F20.0|F60.31|dg. F20|diagnose: F31|"
        "Diagnoser: J18, F31 og Z59|ICD-10: F20|tentamen suicidii|DX72|skizo-\n  freni|skizof\nreni|"
        "skizo\u00adfreni|sk\u200bizofreni|skizo<!-- x -->freni|psyk<b>iatri</b>sk|"
        "&amp;oslash;je for skizofreni"
    ),
    "SUD": (
        "abstinent|rusramt|LSD|KABS|AA-møder|sub.beh.|snuser lim|"
        "misbr.|Misbruger ikke|MISBRUGER|stofmisb.|missbrug|misbrg|stofbrug|stofpåvirket|stofpaavirket|"
        "stofp\u00c3\u00a5virket|påvirket af stoffer|tager stoffer|hash|ryger hash|THC|afrusn.|afgiftning|"
        "abst.|metadon|METADON|metadonbeh.|buprenorphin|Buvidal|Subutex|SUBOXONE|naloxon|opiater|"
        "substitutionsbeh.|rusproblematik|rusm. beh.|nålebytte|n?lebytte|narko|fixer|dobbeltdiagnose|DF11|"
        "DF19.2|F11.2|diagnosen F19|§ 101|§101 stk 1|SEL § 101|SEL\n101|§\n     101|serviceloven\u00a0§ 101|"
        "Â§ 101|SUL § 142|sundhedslovens § 142|<p>mis</p>misbrug|stof\nmisbrug"
    ),
    "OPIOIDUD": "metadon|heroin|Subutex|buprenorphin|DF112|F11.2",
    "ETHUD": (
        "Selincro|dagligt drikkeri|drikker dagligt|spritlugtende|Lænken|"
        "ALKOHOL|alkoholiker|alko.|alhohol|antabus|Antabus 400 mg|disulfiram|Campral|naltrexon|ethylisme|"
        "æthylisme|aethylisme|delirium tremens|Korsakoff|beruset|druk|spritkørsel|DF10|F10.2|DK70.3|K70.3|"
        "SUL § 141|sundhedslovens § 141, stk. 1"
    ),
    "HIV": ("HIV|hiv-positiv|hivsmittet|HIV/AIDS|DB20|DZ21|B24.9|diagnose B20|antiretroviral|Biktarvy|Triumeq"),
    "STD": (
        "syfilis|Klamydia|gonorré|kønssygdom|konssygdom|k??nssygdom|DA51|A54.9|"
        "kønsvorter|kondylomer|genital herpes|venerisk sygdom"
    ),
    "SEX": (
        "ab. pro.|homoseksuel|lesbisk|kønsdysfori|fertilitetsbehandling|erektil dysfunktion|"
        "abort|Provokeret abort|medicinsk abort|abortus provocatus|ab.prov.|svangerskabsafbrydelse|DO04|O04.9|"
        "prostitueret"
    ),
    "SDV": (
        "seksuelt misbrugt|seksuelle krænkelser|polititilhold|tvangsgift|truet på livet|"
        "negativ social kontrol|slået af sin mand|"
        "voldtægt|VOLDTÆGT|voldtaegt|voldta\u0308gt|voldt?gt|vold|volden|partnervold|hustruvold|voldsramt|"
        "voldsudsat|mishandlet|overgreb|incest|kvindekrisecenter|§ 109|DT74.2|T74.1|dg Y05"
    ),
    "criminal": (
        "behandlingsdømt|anbringelsesdom|bandemedlem|mentalerklæring|mentalobservation|"
        "kriminalforsorg|Kriminalforsorgen|KIF|dømt|doemt|d?mt|dom til behandling|foranstaltningsdom|fængsel|"
        "faengsel|FÆNGSEL|f\ufffdngsel|varetægtsfængslet|arrestant|anholdt|sigtet|sigtelse|tiltalt|"
        "straffeattest|løsladt|losladt|fodlænke|voldsdømt|politianmeldt|DZ65.1|Z65.1|PSP-samarbejde"
    ),
    "housing": (
        "uden fast bopæl|sat ud af lejligheden|huslejerestance|sover udenfor|fogedsag|bosted|"
        "hjemløs|HJEMLØS|hjemlös|hjemlos|hjeml?s|hjeml\u00c3\u00b8s|hjemlo\u0338s|husvild|herberget|§ 110|"
        "SEL 110|sover på gaden|Z59.0|botilbud"
    ),
    "benefit": (
        "kontanthjælp|KONTANTHJÆLP|kontanthj.|førtidspension|sygedagpenge|integrationsydelse|sanktioneret|"
        "boligsikring|har gæld|gældsrådgivning|inkassosag|enkeltydelse|FØP|RKI|budgetrådgivning|trækkes i ydelsen"
    ),
    "employment": "jobcentret|jobplan|fleksjob|løntilskud|ressourceforløb|DZ56|arbejdsløs|arbejdsprøvning|nyttejob",
}


@pytest.mark.parametrize("label", SAID)
def test_what_is_said_is_labelled(label: str) -> None:
    assert not [words for words in SAID[label].split("|") if label not in told(words.strip(" "))[0]]


@pytest.mark.parametrize(
    "words",
    [
        "stue F20",
        "Stue F20.1",
        "lokale F20.3",
        "Rum: F20.0",
        "seng B20",
        "Blok A51.1",
        "F20",
        "gang O04",
        "DK-7000 Fredericia",
        "DK7000",
        "2 x 70.5 mg",
        "Projekt 101",
        "Vesterbrogade 101 A",
        "SEL § 141",
        "Handleplan efter § 141",
        "kl. 10.20",
        "metadata",
        "aborteret forsøg på opkald",
        "Vi har aborteret",
        "hivet op",
        "Voldsomme smerter",
        "voldsom hoste",
        "Voldgade 3",
        "voldgrav",
        "hashtag",
        "stofskifte",
        "stofskiftesygdom",
        "gule ærter",
        "rød trøje",
        "kaffe med stofpose",
        "ledig tid",
        "Domhuset",
        "ungdom",
        "sygdom",
        "domæne",
        "sigte mod",
        "med henblik på",
        "udsigt",
        "fysik",
        "manipulation",
        "manuel",
        "humanisk",
        "angivet",
        "langsom",
        "fangst",
        "trangt",
        "opusculum",
        "ECTS",
        "effekt",
        "druknet",
        "drukner",
        "sprit til hænder",
        "alkaliske",
        "kønt vejr",
        "abc",
        "hos egen læge",
        "Kifa",
        "løs afføring",
        "spartansk",
        "straks",
        "dag 20.1",
        "bo til bud",
        "gældende regler",
        "tilholdssted",
        "bostedskommune",
        "skunkrum på loftet",
        "drikker rigeligt med vand",
        "lægger op til",
        "adderes",
        "praktiserende læge",
        "sat ud af drift",
        "blottet hud",
        "mentalt frisk",
        "en stresset hverdag",
    ],
)
def test_what_only_looks_like_it_is_not(words: str) -> None:
    assert told(words)[0] == set()


def test_a_diagnosis_alone_is_one_where_diagnoses_stand() -> None:
    for kind, labels in (("Condition", {"PSY"}), ("Appointment", set())):
        found, _ = LABELLER.label({"resourceType": kind, "code": {"text": "F20"}}, "region", kind, "source")
        assert {one[-3:] for one in found if one.startswith(ACT_CODE)} == labels


def test_the_class_follows_the_words() -> None:
    """A municipal note that tells of HIV is none that a voluntary helper may be let into for social matters."""
    for words, expected in (("DF20.0", "psychiatry"), ("HIV", "health"), ("Z65.1", "criminal"), ("Goddag", "social")):
        assert told(words, sector="municipality")[1] == expected, words


def test_the_time_is_in_proportion() -> None:
    """Whatever stands in it: eight times the text is at most some sixteen times the work."""
    for piece in ("?a", "psyk ", "vold", "§ ", "dg f20 ", "-\n", "<!--", "d f2 ", "diagnos", "&#", "Ã¦", "skizof\n"):
        took = []
        for times in (5_000, 40_000):
            began = time.process_time()
            LABELLER.label({"resourceType": "Goal", "note": [{"text": piece * times}]}, "region", "Goal", "source")
            took.append(time.process_time() - began)
        assert took[1] < 16 * took[0] + 0.1, piece
