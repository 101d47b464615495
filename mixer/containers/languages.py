"""What languages are called in files. Pure.

Buses have BCP-47 tags, whose languages are ISO 639-1's two letters where there are any. Matroska and MPEG-TS
take ISO 639-2's bibliographic codes, MP4 its terminologic ones; they differ in twenty languages.
"""

_TWO_LETTERS = (
    "aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul"
    " bi:bis bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv"
    " cy:cym da:dan de:deu dv:div dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful"
    " fi:fin fj:fij fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin"
    " ho:hmo hr:hrv ht:hat hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl"
    " it:ita iu:iku ja:jpn jv:jav ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau"
    " ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav"
    " mg:mlg mh:mah mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya na:nau nb:nob nd:nde ne:nep"
    " ng:ndo nl:nld nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli"
    " pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag"
    " si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw st:sot su:sun sv:swe sw:swa ta:tam"
    " te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig"
    " uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul"
)
_BIBLIOGRAPHIC = (
    "sqi:alb hye:arm eus:baq mya:bur zho:chi ces:cze nld:dut fra:fre kat:geo deu:ger ell:gre isl:ice mkd:mac"
    " mri:mao msa:may fas:per ron:rum slk:slo bod:tib cym:wel"
)
_TERMINOLOGIC_OF = dict(pair.split(":") for pair in _TWO_LETTERS.split())
_BIBLIOGRAPHIC_OF = dict(pair.split(":") for pair in _BIBLIOGRAPHIC.split())
_FROM_BIBLIOGRAPHIC = {code: other for other, code in _BIBLIOGRAPHIC_OF.items()}


def bibliographic(tag: str) -> str:
    """ISO 639-2/B of a BCP-47 tag: ``kor`` for ``ko``, ``chi`` for ``zh-TW``; a language of three letters is
    its own code. Empty for what is no language's tag (``floor``)."""
    language = tag.partition("-")[0].lower()
    code = _TERMINOLOGIC_OF.get(language, language)
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        return ""
    return _BIBLIOGRAPHIC_OF.get(code, code)


def terminologic(code: str) -> str:
    """ISO 639-2/T of a code of ISO 639-2: ``zho`` for ``chi``; any other text as it is."""
    return _FROM_BIBLIOGRAPHIC.get(code, code)
