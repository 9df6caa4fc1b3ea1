"""Records of the service: frozen, with an identifier and a version that rises with every change."""

from wasl.service.records.authority import DossierFile, StoredAuthorization
from wasl.service.records.base import Noun
from wasl.service.records.intake import Project, Register, Submission, SubmissionKind
from wasl.service.records.jobs import Job, JobKind, JobStatus
from wasl.service.records.linkage import Decision, ReviewPair, Run
from wasl.service.records.releases import Release, TableMenu, TableOrder
from wasl.service.records.retention import Objection, RetentionRule
from wasl.service.records.users import Identity, Token, TokenStatus, User

__all__ = [
    "Decision",
    "DossierFile",
    "Identity",
    "Job",
    "JobKind",
    "JobStatus",
    "Noun",
    "Objection",
    "Project",
    "Register",
    "Release",
    "RetentionRule",
    "ReviewPair",
    "Run",
    "StoredAuthorization",
    "Submission",
    "SubmissionKind",
    "TableMenu",
    "TableOrder",
    "Token",
    "TokenStatus",
    "User",
]
