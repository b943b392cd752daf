"""Which tests hold which threat. The ids are those of the list of threats that the interface was built against; the
words are ours. test_channels.py says that every threat is here and that every test is there."""

from __future__ import annotations

from tests.attack.channels import ANY

THREATS: dict[str, tuple[str, ...]] = {
    # somebody else's resource by its id
    "T01": ("attack/test_existence.py::hidden_and_absent_are_one_answer_whatever_is_asked", ANY),
    # more scopes than registered
    "T02": (
        "inbound/test_oauth.py::scopes_are_narrowed_to_what_is_registered",
        "attack/test_existence.py::wrong_scopes_open_nothing",
        "attack/test_every_door.py::a_token_without_the_scope_is_refused_and_on_record_once",
    ),
    # what the server owns
    "T03": (
        "attack/test_what_writers_say.py::what_the_server_owns_is_not_assigned",
        "attack/test_what_writers_say.py::who_looked_and_who_wrote_is_not_for_a_client_to_write",
        "attack/test_consent_writes.py::what_the_server_owns_and_what_others_wrote_is_not_for_the_writer_to_say",
    ),
    # labels made lower
    "T04": (
        "attack/test_rest_writes.py::a_label_is_lowered_by_right_and_for_a_reason",
        "attack/test_rest_writes.py::a_protection_is_not_lifted_in_two_steps",
        "inbound/test_rest_update.py::labels_are_raised_and_not_lowered",
    ),
    "T05": ("attack/test_all_doors.py::operations_that_would_change_what_is_known_are_not_there",),
    # too much of everything
    "T06": (
        "attack/test_rest_writes.py::too_much_is_refused_soon",
        "inbound/test_search_door.py::hostile_questions_are_refused_with_400",
        "flows/test_search_limits.py::what_needs_the_whole_circle_is_refused_with_how_to_narrow",
        "attack/test_hostile_dates.py::searches_for_the_end_of_time",
        "inbound/test_shell.py::a_body_that_is_too_large",
        "inbound/test_rest_bundles.py::bundles_that_are_refused",
    ),
    # doors of operators and auditors
    "T07": (
        "inbound/test_routing.py::only_open_doors_answer_without_a_token",
        "inbound/test_console_frame.py::a_role_gets_no_page_of_another_and_the_try_is_on_record",
        "inbound/test_explain_door.py::only_auditors_and_data_controllers_ask",
    ),
    # the same once more
    "T08": (
        "inbound/test_message_numbers.py::known_id_and_known_content_get_the_original_answer",
        "inbound/test_rest_bundles.py::a_numbered_transaction_is_carried_out_once",
    ),
    # addresses that the gateway shall go to
    "T09": (
        "attack/test_what_writers_say.py::no_address_that_a_caller_gives_is_gone_to",
        "inbound/subscriptions/test_subscriptions_kept.py::endpoints_outside_the_list_are_refused",
        "inbound/subscriptions/test_subscriptions_kept.py::a_name_that_leads_inside_is_not_connected_to",
        "inbound/subscriptions/test_subscriptions_kept.py::no_redirect_is_followed",
        "outbound/test_key_fetching.py::urls_that_are_not_fetched",
        "outbound/test_fetching_hostile.py::a_link_to_another_host_is_never_followed",
        "inbound/sign_in/test_external.py::endpoints_that_may_not_be_reached",
        "inbound/tokens/test_encrypted.py::what_nobody_tries_to_open",
    ),
    # forged tokens and assertions
    "T10": (
        "inbound/test_oauth.py::bad_assertions_are_refused",
        "inbound/test_token_check.py::a_token_with_one_thing_wrong",
        "inbound/test_token_check.py::algorithms_of_the_attacker",
        "inbound/tokens/test_exchange.py::a_bad_assertion_is_refused",
        "inbound/tokens/test_encrypted.py::whatever_does_not_open_is_told_alike",
        "inbound/tokens/test_foreign.py::a_token_with_one_thing_wrong",
        "inbound/sign_in/test_external.py::every_id_token_that_does_not_hold",
        "inbound/test_totp.py::codes_are_not_guessed_by_who_has_the_password",
        "inbound/test_token_fuzz.py::one_character_changed",
    ),
    # a stolen token
    "T11": (
        "inbound/tokens/test_doors.py::another_key_than_that_of_the_token",
        "inbound/tokens/test_proofs.py::a_proof_with_one_thing_wrong",
        "inbound/test_https.py::a_token_bound_to_the_certificate_of_the_handshake",
        "inbound/test_https.py::what_a_proxy_shows_for_itself_is_nobody_elses",
        "inbound/tokens/test_holder_of_key.py::whoever_is_not_the_holder_gets_nothing",
        "inbound/test_provider.py::a_code_that_comes_again_ends_the_token_that_was_given_for_it",
        "inbound/tokens/test_doors.py::a_registration_may_demand_a_key",
        "inbound/test_token_check.py::never_longer_than_five_minutes",
    ),
    # XML and JSON that are more than they seem
    "T12": (
        "inbound/test_strict_content.py::bodies",
        "inbound/tokens/test_exchange.py::a_bad_assertion_is_refused",
        "thorough/translate/test_xml.py::hostile_documents_are_refused",
    ),
    "T13": (
        "inbound/test_strict_content.py::bodies",
        "inbound/test_strict_content.py::patches",
        "attack/test_slow_content.py::json_that_is_made_to_be_slow",
    ),
    # senders that are slow, large, many
    "T14": (
        "inbound/test_mllp_limits.py::slow_loris",
        "inbound/test_mllp_limits.py::too_many_connections",
        "inbound/test_mllp_limits.py::back_pressure_stops_reading",
        "inbound/test_mllp_hostile.py::a_flood_of_connections_leaves_the_ones_there_are",
        "inbound/test_mllp_tls.py::the_certificate_names_the_sender",
        "inbound/test_real_sockets.py::who_says_nothing_keeps_no_connection",
    ),
    # segments in a field
    "T15": (
        "thorough/translate/hl7v2/test_write_message.py::any_text_reads_as_it_was_without_its_control_characters",
        "thorough/translate/hl7v2/test_escape.py::our_own_text_comes_back",
    ),
    "T16": (
        "thorough/translate/hl7v2/test_escape.py::a_control_character_ends_no_segment",
        "thorough/translate/hl7v2/test_escape.py::a_value_is_undone_once_and_after_the_split",
    ),
    # texts that would run
    "T17": (
        "attack/test_what_writers_say.py::nothing_that_was_written_runs_in_a_reader",
        "attack/test_what_writers_say.py::the_page_shows_markup_as_text",
        "acceptance/test_care_communication.py::a_hostile_text_is_shown_as_text",
    ),
    # numbers in addresses and logs
    "T18": (
        "attack/test_records.py::no_number_of_anybody_in_records_logs_or_errors",
        "inbound/test_shell.py::log_lines_hold_routes_and_never_paths_or_queries",
        "inbound/test_console.py::no_number_of_a_citizen_in_any_address",
    ),
    # ways around the decision
    "T19": (
        "inbound/test_routing.py::one_spelling_of_every_path",
        "inbound/test_routing.py::nothing_overrides_the_method",
        "attack/test_rest_writes.py::methods_and_headers_are_not_smuggled",
        "attack/test_claims.py::no_spelling_of_a_purpose_gets_round_the_registration",
        "inbound/test_token_check.py::two_headers_are_no_choice",
        "attack/test_rest_writes.py::without_a_purpose_nothing_is_written",
    ),
    # overrides as a habit
    "T20": (
        "flows/test_looks.py::an_override_without_a_reason_opens_nothing",
        "flows/test_overrides.py::an_override_holds_for_so_long_from_its_token",
        "flows/test_overrides.py::overdue_until_the_citizen_was_told_or_it_says_why_not",
        "flows/test_overrides.py::the_work_queue",
    ),
    # the log changed afterwards
    "T21": (
        "cli/test_verify_log.py::every_kind_of_tampering_is_named",
        "acceptance/test_two_sectors.py::two_sectors",
    ),
    # the log flooded
    "T22": (
        "inbound/tokens/test_doors.py::too_many_calls_are_told_so_and_are_one_record",
        "inbound/tokens/test_limits.py::a_burst_of_refusals_is_one_record",
        "attack/test_records.py::one_search_is_not_a_thousand_looks",
    ),
    # telling by counting, ordering, time, conditions
    "T23": (ANY, "attack/test_same_work.py::the_hidden_takes_as_many_statements_as_the_absent"),
    # who is who
    "T24": (
        "attack/test_rest_writes.py::numbers_do_not_make_two_citizens_one",
        "attack/test_rest_writes.py::a_protection_is_not_lifted_by_telling_of_the_citizen_again",
        "inbound/test_late_number.py::nobody_is_joined_by_name",
        "attack/test_history.py::a_protected_address_is_protected_under_every_identity",
        "inbound/test_merged_citizen.py::looks_follow_to_the_survivor",
    ),
    # a system that looks with its own right for somebody without one
    "T25": (
        "inbound/tokens/test_doors.py::the_purpose_of_a_person_takes_a_person",
        "attack/test_claims.py::a_nurse_beyond_her_purpose",
    ),
    # who has left
    "T26": (
        "attack/test_claims.py::a_member_of_a_team_is_who_the_team_names",
        "attack/test_claims.py::a_member_of_a_team_is_one_from_the_first_to_the_last_day",
        "attack/test_claims.py::a_token_is_no_longer_good_for_what_its_client_is_not_registered_for_any_more",
        "flows/test_hand_over.py::what_comes_after_changes_nothing_that_the_old_municipality_sees",
    ),
    # slow by design
    "T27": (
        "attack/test_what_writers_say.py::what_is_made_to_be_slow_to_check_is_not",
        "attack/test_slow_content.py::a_query_that_is_made_to_be_slow_to_mask",
        "inbound/test_search_door.py::hostile_questions_are_refused_with_400",
    ),
    # small outside, large inside
    "T28": (
        "attack/test_all_doors.py::nothing_compressed_and_nothing_in_parts_is_taken",
        "inbound/test_shell.py::compressed_content_is_not_unpacked",
    ),
    # other sites
    "T29": (
        "attack/test_all_doors.py::nothing_is_kept_framed_or_told_to_another_site",
        "inbound/tokens/test_doors.py::no_page_of_another_site_may_call",
        "inbound/test_console.py::forms_of_other_sites",
    ),
    # how it is run
    "T30": (
        "house/test_deploy.py::the_image_is_built_in_two_stages_and_runs_as_nobody_special",
        "house/test_deploy.py::compose_holds_no_secret_and_no_default",
        "inbound/test_routing.py::one_spelling_of_every_path",
    ),
    # what others are asked for
    "T31": (
        "outbound/test_fetching_hostile.py::an_answer_that_cannot_be_used_changes_nothing",
        "outbound/test_fetching_hostile.py::another_citizen_than_the_one_asked_for_is_not_taken_for_them",
    ),
    # definitions that callers bring
    "T32": ("attack/test_all_doors.py::definitions_are_not_changed_by_callers",),
}
