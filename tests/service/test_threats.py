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
        "test_schemathesis.py::test_every_role_is_answered_as_the_document_says",
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
    "start-up sweep after a misspelt setting, a restored older database, a shared folder": (
        "test_custody.py::test_a_folder_shared_with_others_loses_nothing",
        "test_custody.py::test_a_misspelt_folder",
        "test_custody.py::test_a_restored_older_database",
        "test_custody.py::test_an_unknown_variable_is_an_error",
        "test_custody.py::test_only_what_the_log_shows_as_discarded_is_deleted",
    ),
    "a small file that is large in memory": (
        "test_hostile_files.py::test_every_hostile_file_is_refused_in_flat_memory",
        "test_hostile_files.py::test_a_bomb_of_a_few_hundred_bytes_is_refused",
        "test_hostile_files.py::test_a_damaged_file_is_refused_or_read_never_a_failure",
    ),
    "a payload with names, nested columns, doubled ids": (
        "test_hostile_files.py::test_a_value_outside_its_declaration_is_refused",
        "test_hostile_files.py::test_a_record_id_occurs_once",
    ),
    "unauthenticated and slow clients": (
        "test_edge.py::test_nothing_is_read_before_the_caller_is_known",
        "test_edge.py::test_eight_strangers_with_large_bodies_keep_nobody_waiting",
        "test_edge.py::test_a_head_that_does_not_arrive_in_time_ends_the_connection",
        "test_edge.py::test_secrets_are_hashed_only_within_the_rate",
        "test_edge.py::test_a_long_body_is_parsed_off_the_event_loop",
    ),
    "signing key lost or replaced": (
        "test_key_rotation.py::test_every_key_of_the_chain_verifies_the_whole_log",
        "test_key_rotation.py::test_a_lost_key_breaks_the_chain_and_the_log_says_so",
        "test_custody.py::test_a_foreign_key_stops_the_start",
        "test_worker.py::test_a_worker_whose_log_cannot_be_signed_goes_on_and_says_so",
        "test_worker.py::test_ready_and_metrics_know_the_workers_and_the_key",
    ),
    "an operator rewrites an approval": (
        "test_release_rules.py::test_the_proofs_hold_and_a_rewritten_log_does_not_fit",
        "test_release_rules.py::test_the_checkpoint_is_younger_than_the_approval",
    ),
    "A, then B, then A again": (
        "test_release_rules.py::test_a_then_b_then_a_again_is_a",
        "test_release_rules.py::test_through_the_api",
        "test_submissions.py::test_what_was_withdrawn_stays_withdrawn",
    ),
    "a release from an old run": (
        "test_release_rules.py::test_a_release_uses_the_payloads_of_its_run",
        "test_release_rules.py::test_a_payload_of_other_records_is_refused",
    ),
    "a holder withdraws, a person objects, a term ends": (
        "test_retention.py::test_a_withdrawn_file_is_deleted_with_a_certificate",
        "test_retention.py::test_a_retention_rule_ends_a_file",
        "test_retention.py::test_withdrawal_voids_what_was_made_but_not_released",
        "test_retention.py::test_persons_who_object_are_left_out",
        "test_release_rules.py::test_a_payload_the_holder_withdrew_is_not_published",
    ),
    "one administrator": (
        "test_two_persons.py::test_a_token_needs_two_administrators_and_its_owner",
        "test_two_persons.py::test_nobody_grants_himself_a_role",
        "test_two_persons.py::test_no_administrator_sees_a_secret",
        "test_two_persons.py::test_the_last_administrator_cannot_lock_himself_out",
    ),
    "one of two administrators acts alone": (
        "test_two_persons.py::test_an_administrator_who_removes_the_other_does_not_act_alone",
        "test_oidc_sign_in.py::test_an_administrator_of_the_issuer_does_not_act_alone",
    ),
    "files are erased while a job works with them": (
        "test_erasure_beside_jobs.py::test_what_was_erased_does_not_come_back",
    ),
    "the clock is set back": (
        "test_clock.py::test_the_job_of_a_dead_worker_goes_to_another_within_a_lease",
        "test_clock.py::test_a_living_worker_is_seen_signs_and_erases",
        "test_clock.py::test_a_confirmation_does_not_outlast_its_minutes",
        "test_clock.py::test_the_file_sent_last_counts",
    ),
    "odd values in forms and addresses": (
        "test_nasty_forms.py::test_odd_values_are_refused_or_taken_and_never_break_a_page",
    ),
    "the issuer's metadata name machines behind the firewall": (
        "test_oidc_sign_in.py::test_metadata_do_not_decide_which_machines_are_called",
    ),
    "a hanging identity provider": (
        "test_middleware.py::test_a_provider_that_hangs_keeps_nobody_waiting",
        "test_middleware.py::test_held_keys_are_used_while_the_provider_is_away",
        "test_middleware.py::test_unknown_keys_ask_for_few_fetches",
        "test_middleware.py::test_a_missing_project_claim_means_none",
    ),
    "states that allowed too much": (
        "test_release_rules.py::test_an_approval_can_be_taken_back",
        "test_release_rules.py::test_whoever_protected_again_does_not_approve",
        "test_release_rules.py::test_a_closed_project_is_closed_for_everything",
        "test_release_rules.py::test_a_withdrawn_release_leaves_a_tombstone",
        "test_worker.py::test_a_role_cancels_its_own_jobs_only",
    ),
    "reads nobody sees, denials without target, noise": (
        "test_two_persons.py::test_sensitive_reads_are_logged",
        "test_two_persons.py::test_every_sensitive_route_is_logged",
        "test_edge.py::test_a_denial_names_its_target",
        "test_edge.py::test_denials_without_a_token_are_counted_not_logged_one_by_one",
        "test_edge.py::test_metrics_have_a_bounded_number_of_labels",
    ),
    "restarts and a full disk": (
        "test_worker.py::test_restarts_do_not_use_up_a_jobs_attempts",
        "test_worker.py::test_a_full_disk_waits",
        "test_worker.py::test_what_breaks_down_is_tried_again_and_then_parked",
        "test_worker.py::test_a_job_that_broke_down_waits_longer_each_time",
    ),
}


@pytest.mark.parametrize("threat", ANSWERS)
def test_every_threat_has_its_tests(threat: str) -> None:
    for answer in ANSWERS[threat]:
        file, name = answer.split("::")
        tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in functions, answer
