"""Every public vector is read, every broken one refused, and what we build reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.brcode import BrCode, BrCodeError, crc, dynamic_code, parse, static_code
from payments.domain.money import Currency, Money


def reais(text: str) -> Money:
    return Money.parse(text, Currency.BRL)


MANUAL_STATIC = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR"
    "5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)
VECTORS = {
    "1: manual, static random key, no amount": (
        MANUAL_STATIC,
        BrCode(name="Fulano de Tal", city="BRASILIA", txid="***", key="123e4567-e12b-12d1-a456-426655440000"),
    ),
    "2: static phone key": (
        "00020126360014br.gov.bcb.pix0114+554199999999952040000530398654041.005802BR5915Jamie Lannister6009Sao Paulo"
        "621005061234566304A63E",
        BrCode(name="Jamie Lannister", city="Sao Paulo", txid="123456", key="+5541999999999", amount=reais("1.00")),
    ),
    "3: static e-mail key, longest txid": (
        "00020126360014br.gov.bcb.pix0114arya@stark.com5204000053039865406125.005802BR5925Arya Stark with a very lo"
        "6009Sao Paulo62290525verylongreconciliationidt630466F4",
        BrCode(
            name="Arya Stark with a very lo",
            city="Sao Paulo",
            txid="verylongreconciliationidt",
            key="arya@stark.com",
            amount=reais("125.00"),
        ),
    ),
    "6: manual, dynamic, upper-case account name": (
        "00020101021226770014BR.GOV.BCB.PIX2555pix.example.com/qr/93598be0-1bd0-4997-8318-81776a1d8a99"
        "5204000053039865802BR5907EMPRESA6009SAO PAULO62070503***6304EEAB",
        BrCode(
            name="EMPRESA",
            city="SAO PAULO",
            txid="***",
            url="pix.example.com/qr/93598be0-1bd0-4997-8318-81776a1d8a99",
            single_use=True,
        ),
    ),
    "7: dynamic with txid": (
        "00020101021226800014br.gov.bcb.pix2558invoice.starkbank.com/f5333103-3279-4db2-8389-5efe335ba93d"
        "5204000053039865802BR5925Arya Stark with a very lo6015Pindamonhangaba622005165656565656565656630435F6",
        BrCode(
            name="Arya Stark with a very lo",
            city="Pindamonhangaba",
            txid="5656565656565656",
            url="invoice.starkbank.com/f5333103-3279-4db2-8389-5efe335ba93d",
            single_use=True,
        ),
    ),
    "8: dynamic with amount and txid": (
        "00020101021226980014br.gov.bcb.pix2576api.woovi-sandbox.com/api/testaccount/qr/v1/"
        "d983a07836cf48ed9a65764d3c18427352040000530398654040.015802BR5921Lucas_Aprigio_Sandbox6009Sao_Paulo"
        "62290525d983a07836cf48ed9a65764d363046759",
        BrCode(
            name="Lucas_Aprigio_Sandbox",
            city="Sao_Paulo",
            txid="d983a07836cf48ed9a65764d3",
            url="api.woovi-sandbox.com/api/testaccount/qr/v1/d983a07836cf48ed9a65764d3c184273",
            amount=reais("0.01"),
            single_use=True,
        ),
    ),
    "10: recurrence only": (
        "00020126180014br.gov.bcb.pix5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***"
        "80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002630462C9",
        BrCode(
            name="Fulano de Tal",
            city="BRASILIA",
            txid="***",
            recurrence_url="pix.example.com/qr/v2/rec/2353c790eefb11eaadc10242ac120002",
        ),
    ),
    "11: charge and recurrence": (
        "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR"
        "5913Fulano de Tal6008BRASILIA62070503***80800014br.gov.bcb.pix2558pix.example.com/qr/v2/rec/"
        "94ed2badcbc04c15b0bb7fa35319489063047741",
        BrCode(
            name="Fulano de Tal",
            city="BRASILIA",
            txid="***",
            url="pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd441",
            recurrence_url="pix.example.com/qr/v2/rec/94ed2badcbc04c15b0bb7fa353194890",
            single_use=True,
        ),
    ),
    "13: CPF key with description": (
        "00020126470014br.gov.bcb.pix0111529982247250210Acesso VIP520400005303986540510.005802BR5910Loja Teste"
        "6009Sao Paulo62130509PEDIDO1236304C62F",
        BrCode(
            name="Loja Teste",
            city="Sao Paulo",
            txid="PEDIDO123",
            key="52998224725",
            description="Acesso VIP",
            amount=reais("10.00"),
        ),
    ),
    "14: CNPJ key, upper-case account name": (
        "00020126360014BR.GOV.BCB.PIX01141122233300018152040000530398654040.015802BR5910LOJA TESTE6005NATAL"
        "62070503***63044876",
        BrCode(name="LOJA TESTE", city="NATAL", txid="***", key="11222333000181", amount=reais("0.01")),
    ),
}


def sealed(body: str) -> str:
    """A code of any fields with right check digits, so that only what is tested is wrong."""
    return f"{body}6304{crc(body + '6304')}"


GOOD = (
    "000201",
    "26580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000",
    "52040000",
    "5303986",
    "5802BR",
    "5906Fulano",
    "6005NATAL",
    "62070503***",
)
BROKEN = {
    "a: inner length runs past the end, check digits right": (
        "00020126360014BR.GOV.BCB.PIX0114+5511943214321520400005303986540566.665802BR5907EMPRESA6008BRASILIA"
        "62080503***6304170E"
    ),
    "b: name length and check digits wrong": (
        "00020101021226870014br.gov.bcb.pix2565qr-h.woovi.digital/qr/v2/cob/92b4992a-92de-423b-938e-0b0b6e534a00"
        "52040000530398654040.015802BR592357419727_WOOVI_IP_6009Sao_Paulo622905250c0ddb5e24764191a8fa6c9af6304C6D5"
    ),
    "c: last check digit changed": MANUAL_STATIC[:-1] + "E",
    "empty": "",
    "only check digits": sealed(""),
    "line break inside": MANUAL_STATIC.replace("Fulano", "Fulan\n"),
    "too long": sealed("".join(GOOD) + "64" + "99" + "x" * 99 + "".join(f"{n}99{'x' * 99}" for n in (65, 66, 67))),
    **{f"without field {part[:2]}": sealed("".join(p for p in GOOD if p != part)) for part in GOOD},
    "format not first": sealed("".join(GOOD[1:] + GOOD[:1])),
    "another currency": sealed("".join(GOOD).replace("5303986", "5303840")),
    "another country": sealed("".join(GOOD).replace("5802BR", "5802US")),
    "amount with a comma": sealed("".join((*GOOD[:4], "540510,00", *GOOD[4:]))),
    "amount with one decimal": sealed("".join((*GOOD[:4], "540410.0", *GOOD[4:]))),
    "a field twice": sealed("".join((*GOOD, "5802BR"))),
    "key and url": sealed("".join(GOOD).replace(GOOD[1], "26370014br.gov.bcb.pix0103a@b2508pix.com/")),
    "no PIX account": sealed("".join(GOOD).replace("br.gov.bcb.pix", "br.gov.bcb.pox")),
    "txid with a space": sealed("".join(GOOD).replace("0503***", "0503a b")),
    "unknown initiation": sealed("".join((GOOD[0], "010213", *GOOD[1:]))),
    "name too long": sealed("".join(GOOD).replace("5906Fulano", "5926" + "x" * 26)),
}


def test_the_fields_of_the_broken_codes_are_good_by_themselves() -> None:
    assert parse(sealed("".join(GOOD))).name == "Fulano"


def test_the_check_value_of_the_algorithm() -> None:
    assert crc("123456789") == "29B1"


def test_none_of_the_collected_vectors_is_forgotten() -> None:
    """By the numbers under which they were collected, with the check digits by which each is known (4, 5, 9
    and 12 were never among them)."""
    held = {name.partition(":")[0]: text[-4:] for name, (text, _) in VECTORS.items()}
    assert held == {
        "1": "1D3D",
        "2": "A63E",
        "3": "66F4",
        "6": "EEAB",
        "7": "35F6",
        "8": "6759",
        "10": "62C9",
        "11": "7741",
        "13": "C62F",
        "14": "4876",
    }
    refused = {name[0]: text[-4:] for name, text in BROKEN.items() if name[1:3] == ": "}
    assert refused == {"a": "170E", "b": "C6D5", "c": "1D3E"}


@pytest.mark.parametrize("vector", VECTORS)
def test_reads_every_public_vector(vector: str) -> None:
    text, expected = VECTORS[vector]
    assert parse(text) == expected


@pytest.mark.parametrize("broken", BROKEN)
def test_refuses_every_broken_code(broken: str) -> None:
    with pytest.raises(BrCodeError):
        parse(BROKEN[broken])


def test_lower_case_check_digits_are_read() -> None:
    assert parse(MANUAL_STATIC[:-4] + "1d3d").city == "BRASILIA"


@pytest.mark.parametrize("vector", [name for name, (_, code) in VECTORS.items() if code.key])
def test_builds_the_static_vectors(vector: str) -> None:
    text, code = VECTORS[vector]
    built = static_code(
        key=code.key,
        name=code.name,
        city=code.city,
        amount=code.amount,
        txid=code.txid,
        description=code.description,
    )
    assert parse(built) == code
    assert built[:-4].lower() == text[:-4].lower()


@pytest.mark.parametrize(
    "vector", [name for name, (_, code) in VECTORS.items() if code.url and not code.recurrence_url]
)
def test_builds_the_dynamic_vectors(vector: str) -> None:
    text, code = VECTORS[vector]
    built = dynamic_code(url=code.url, name=code.name, city=code.city, amount=code.amount, txid=code.txid)
    assert parse(built) == code
    assert built[:-4].lower() == text[:-4].lower()


def test_cuts_the_description_to_the_room_the_key_leaves() -> None:
    code = parse(
        static_code(key="a" * 60, name="Loja", city="Natal", description="Curso de violão para todas as idades")
    )
    assert code.description == "Curso de viol"


@pytest.mark.parametrize("txid", ["", "a b", "é", "x" * 26, "a-b"])
def test_refuses_to_build_with_a_bad_txid(txid: str) -> None:
    with pytest.raises(BrCodeError):
        static_code(key="a@b.c", name="Loja", city="Natal", txid=txid)


@pytest.mark.parametrize("amount", [Money(0, Currency.BRL), Money(-1, Currency.BRL), Money(1, Currency.XTR)])
def test_refuses_to_build_with_an_amount_that_is_none(amount: Money) -> None:
    with pytest.raises(BrCodeError):
        dynamic_code(url="pix.example.com/x", name="Loja", city="Natal", amount=amount)


@given(
    st.text(min_size=1, max_size=60),
    st.text(max_size=40),
    st.integers(1, 10**11),
    st.from_regex(r"[A-Za-z0-9]{1,25}", fullmatch=True),
)
def test_whatever_is_built_reads_back(name: str, city: str, cents: int, txid: str) -> None:
    amount = Money(cents, Currency.BRL)
    try:
        text = dynamic_code(url="pix.example.com/q/1", name=name, city=city, amount=amount, txid=txid)
    except BrCodeError:
        return
    read = parse(text)
    assert (read.amount, read.txid, read.url) == (amount, txid, "pix.example.com/q/1")


@given(st.text(max_size=600))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    with pytest.raises(BrCodeError):
        parse(text)


@given(st.integers(0, len(MANUAL_STATIC) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_single_changed_character_is_noticed(position: int, character: str) -> None:
    changed = MANUAL_STATIC[:position] + character + MANUAL_STATIC[position + 1 :]
    if changed.upper() == MANUAL_STATIC.upper() and position >= len(MANUAL_STATIC) - 4:
        return
    if changed == MANUAL_STATIC:
        return
    with pytest.raises(BrCodeError):
        parse(changed)
