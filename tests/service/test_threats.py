"""The table of threats to the service, and the tests that answer each row; a row whose test is gone fails here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent

ANSWERS: dict[str, tuple[str, ...]] = {
    "linkage unit and spine keeper together, or a thief of both": (
        "test_strong_mode.py::test_two_installations_exchange_only_pairs",
        "test_privacy.py::test_each_part_has_a_folder_of_its_own",
    ),
    "thief of the database and files": (
        "test_privacy.py::test_no_marker_stays_anywhere",
        "test_privacy.py::test_no_secret_is_stored_or_logged",
    ),
    "holder A through the API wants holder B's records": (
        "test_authorization.py::test_matrix",
        "test_lifecycle.py::test_a_thing_of_another_project_is_not_found",
        "test_authorization.py::test_similarity_scores_never_leave_the_linkage_and_spine_roles",
    ),
    "insider edits the log or the database": (
        "test_storage.py::test_the_database_itself_refuses_to_change_it",
        "test_storage.py::test_the_stored_tree_is_the_tree_of_the_entries",
        "../journey/test_service_day.py::test_a_day_at_the_service",
    ),
    "insider releases what should not be released": (
        "test_lifecycle.py::test_the_first_two_eyes_are_refused",
        "test_lifecycle.py::test_only_what_met_its_thresholds_can_be_requested",
        "test_lifecycle.py::test_nothing_is_published_but_what_was_approved",
        "test_authorization.py::test_the_administrator_touches_neither_data_nor_releases",
    ),
    "malicious upload": (
        "test_bad_input.py::test_a_bad_file_is_refused",
        "test_bad_input.py::test_a_bad_delivery_header_is_refused",
        "test_bad_input.py::test_an_upload_that_hides_its_size_is_cut_off",
        "test_bad_input.py::test_a_document_cannot_name_a_file_of_this_machine",
        "test_openapi.py::test_no_request_makes_the_server_fail",
    ),
    "crash at any moment": (
        "../faults/test_kill.py::test_nothing_is_lost_or_doubled_when_processes_are_killed",
        "test_worker.py::test_a_worker_that_was_only_slow_commits_nothing",
        "test_bad_input.py::test_disk_full_is_said_and_nothing_is_kept",
    ),
    "replay and double submission": (
        "test_submissions.py::test_a_repeated_request_with_its_key_is_served_once",
        "test_submissions.py::test_the_same_file_twice_is_one_submission",
        "test_bad_input.py::test_the_same_key_at_the_same_moment_makes_one_thing",
    ),
}


@pytest.mark.parametrize("threat", ANSWERS)
def test_every_threat_has_its_tests(threat: str) -> None:
    for answer in ANSWERS[threat]:
        file, name = answer.split("::")
        tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, answer
