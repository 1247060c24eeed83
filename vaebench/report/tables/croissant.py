"""Describe the tables in Croissant, the metadata format for data sets (JSON-LD on schema.org)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vaebench.report.tables.taken_away import Field
from vaebench.report.words.markdown import MADE_BY

NAME = "vaebench-results"

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that Croissant 1.0 prescribes."""

TYPES = {"text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "date": "sc:Date"}

FORMATS = {"csv": "text/csv", "parquet": "application/x-parquet"}


@dataclass(frozen=True)
class File:
    """A file that holds a table.

    Attributes:
        name: Its name, beside the description.
        content: Its bytes.
        fields: The columns of the table.
        says: What a row is.
    """

    name: str
    content: bytes
    fields: Sequence[Field]
    says: str


def croissant(files: Sequence[File], version: str, day: str, cite: str) -> str:
    """Describe tables.

    Args:
        files: The files, which lie beside the description.
        version: The suite's version.
        day: The last day on which something was measured.
        cite: How the results are cited, in BibTeX.

    Returns:
        JSON-LD.
    """
    said = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": NAME,
        "description": "Verdicts on published claims about variational autoencoders, and the measurements that they "
        f"rest on. {MADE_BY}",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "citeAs": cite,
        "license": "https://spdx.org/licenses/MIT.html",
        "creator": {"@type": "sc:Organization", "name": "the vaebench maintainers"},
        "url": "README.md",
        "datePublished": day,
        "version": _semantic(version),
        "isLiveDataset": True,
        "distribution": [_object(file) for file in files],
        "recordSet": [_records(file) for file in files],
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _semantic(version: str) -> str:
    """The numbers of a version: Croissant takes no others."""
    return ".".join(part for part in version.split(".")[:3] if part.isdigit())


def _object(file: File) -> Mapping[str, str]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{len(file.content)} B",
        "encodingFormat": FORMATS[file.name.rpartition(".")[2]],
        "sha256": hashlib.sha256(file.content).hexdigest(),
    }


def _records(file: File) -> Mapping[str, object]:
    stem = file.name.replace(".", "_")
    return {
        "@type": "cr:RecordSet",
        "@id": stem,
        "name": stem,
        "description": file.says,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{stem}/{field.name}",
                "name": f"{stem}/{field.name}",
                "description": field.says,
                "dataType": TYPES[field.kind],
                "source": {"fileObject": {"@id": file.name}, "extract": {"column": field.name}},
            }
            for field in file.fields
        ],
    }
