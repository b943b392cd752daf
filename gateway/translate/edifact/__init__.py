"""MedCom's EDIFACT letters (DIS, BIN, CTL) in UN/EDIFACT syntax version 3 (ISO 9735).

delimiters, charset, segments, interchange: bytes to segments. table, paths, groups, words, converting: segments to the
letter tree of gateway.translate.oioxml, by mappings/edifact. templates, writing: the tree to segments. outline,
answers: receipts for whatever came. language: all of it together.
"""
