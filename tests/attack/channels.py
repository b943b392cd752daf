"""Which tests hold which way of leaking. The ids are those of the public list of 34 channels (leak-channels.csv); the
words are ours. test_channels.py says that every channel is here and that every test is there.

Above all of them stands one: tests/attack/test_any_request.py asks two worlds the same through every door.
"""

from __future__ import annotations

ANY = "attack/test_any_request.py::no_answer_to_any_request_tells_of_what_is_hidden"

CHANNELS: dict[str, tuple[str, ...]] = {
    # a total counts what the caller may see
    "L01": (
        "attack/test_search_leaks.py::what_is_hidden_is_in_no_match_hop_total_order_or_history",
        "flows/test_looks.py::a_search_is_decided_before_it_is_counted",
        ANY,
    ),
    # what is included is decided like a read
    "L02": (
        "attack/test_search_leaks.py::what_is_hidden_is_in_no_match_hop_total_order_or_history",
        "inbound/test_search_door.py::a_token_without_a_type_asks_nothing_of_it",
    ),
    # hidden candidates eat no page
    "L03": (
        "attack/test_search_leaks.py::a_page_is_full_of_what_is_permitted",
        "flows/test_search_limits.py::a_page_that_ends_early_leads_onwards",
        "flows/test_search_limits.py::a_page_is_filled_with_what_stands_behind_who_has_nothing_to_show",
    ),
    # a link is no permission
    "L04": (
        "inbound/test_search_door.py::a_link_is_its_callers_alone_and_ends",
        "attack/test_search_leaks.py::a_consent_that_came_between_two_pages_holds_on_the_second",
    ),
    # every hop needs read and search, and a decision
    "L05": (
        "inbound/test_search_door.py::a_token_without_a_type_asks_nothing_of_it",
        "attack/test_hidden_elements.py::an_address_that_is_blacked_out_is_neither_found_nor_ordered_by",
        "attack/test_hidden_directory.py::a_shelter_changes_no_byte_of_any_answer",
        "inbound/test_search_beyond.py::chains_lead_into_the_directory_as_far_as_it_is_shown",
    ),
    "L06": (
        "inbound/test_search_door.py::a_token_without_a_type_asks_nothing_of_it",
        "inbound/test_search_door.py::a_reverse_chain_and_everything_take_the_type_that_they_come_to",
        "attack/test_search_leaks.py::what_is_hidden_is_in_no_match_hop_total_order_or_history",
    ),
    # an order is made of what may be read
    "L07": ("attack/test_hidden_elements.py::an_address_that_is_blacked_out_is_neither_found_nor_ordered_by",),
    # nor does a modifier or a search in texts tell that something is there
    "L08": (
        "attack/test_hidden_elements.py::an_address_that_is_blacked_out_is_neither_found_nor_ordered_by",
        "attack/test_hidden_elements.py::a_condition_finds_nothing_by_it_either",
        "inbound/test_search_door.py::hostile_questions_are_refused_with_400",
    ),
    # not there and not yours are one answer
    "L09": (
        "attack/test_existence.py::hidden_and_absent_are_one_answer_whatever_is_asked",
        "attack/test_existence.py::resources_of_a_citizen_whom_the_caller_does_see",
        "attack/test_existence.py::identifiers_of_the_hidden_and_of_nobody",
        "inbound/test_history_door.py::history_of_the_hidden_and_of_nothing",
    ),
    # conditional headers come after the decision
    "L10": (
        "attack/test_existence.py::hidden_and_absent_are_one_answer_whatever_is_asked",
        "attack/test_existence.py::writing_tells_no_more_than_reading",
        "attack/test_existence.py::no_version_tells_that_somebody_else_wrote_about_the_citizen",
    ),
    # a condition of a write finds what may be seen
    "L11": (
        "inbound/test_rest_conditional.py::what_is_hidden_does_not_show_in_a_condition",
        "flows/test_search_limits.py::a_condition_never_takes_what_was_not_looked_at_for_what_is_not_there",
        ANY,
    ),
    # an old version is decided about as it was and as it is
    "L12": (
        "attack/test_history.py::what_became_sensitive_is_so_in_its_past",
        "attack/test_history.py::a_stay_that_was_sent_about_the_wrong_citizen_shows_nothing_of_either_to_the_other",
    ),
    # a deletion is told to who could read what was deleted
    "L13": ("attack/test_search_leaks.py::a_deletion_is_told_to_who_could_read_what_was_deleted",),
    "L14": (
        "inbound/test_history_door.py::everything_of_a_citizen_and_of_a_plan",
        "inbound/test_search_door.py::a_reverse_chain_and_everything_take_the_type_that_they_come_to",
        "attack/test_search_leaks.py::what_is_hidden_is_in_no_match_hop_total_order_or_history",
        ANY,
    ),
    # each entry of a Bundle stands alone
    "L15": (
        "inbound/test_rest_bundles.py::each_entry_is_scoped_and_on_record",
        "attack/test_rest_writes.py::without_a_purpose_nothing_is_written",
        ANY,
    ),
    # an export holds what its caller may see, and is nobody else's
    "L16": (
        "inbound/test_bulk_export.py::what_is_hidden_changes_no_byte",
        "inbound/test_bulk_export.py::a_job_is_nobody_elses",
        "inbound/test_bulk_export.py::a_consent_between_the_making_and_the_fetching_holds",
    ),
    # a notification is decided as it goes out
    "L17": (
        "inbound/subscriptions/test_subscriptions_sending.py::what_a_subscriber_may_not_see_causes_no_traffic",
        "inbound/subscriptions/test_subscriptions_sending.py::it_is_decided_when_it_goes_out_and_on_record_before",
        "inbound/subscriptions/test_subscriptions_sending.py::content_is_whole_only_where_it_is_asked_for",
    ),
    # what is contained labels the whole
    "L18": (
        "attack/test_hidden_elements.py::what_is_contained_labels_the_whole",
        "thorough/domain/test_labels.py::contained_resources_count_for_the_whole",
        "thorough/domain/test_labels_untold.py::labels_of_parts_and_of_the_document",
    ),
    # a reference to what is hidden is left out, its display with it
    "L19": (
        "attack/test_existence.py::what_a_visible_resource_refers_to_is_left_out_where_it_is_hidden",
        "stories/test_played.py::nothing_points_at_what_its_reader_does_not_see",
    ),
    # a narrative goes where something it may tell of is hidden
    "L20": (
        "inbound/test_rest_create.py::a_narrative_goes_with_what_is_hidden",
        "domain/test_redact.py::the_narrative_goes_with_it",
        "attack/test_words_to_readers.py::what_is_kept_back_is_read_by_nobody",
        "thorough/translate/test_labels_tainted.py::no_text_is_unread",
    ),
    # who tells of a resource is decided with it
    "L21": (
        "inbound/test_provenance_doors.py::who_may_not_see_the_target_is_told_nothing_of_who_said_it",
        "flows/test_looks.py::the_auditor_sees_looks_not_content_and_is_on_record",
        "flows/test_overrides.py::the_task_is_its_own_organisations_alone",
    ),
    # errors tell nothing of anybody
    "L22": (
        "attack/test_records.py::no_number_of_anybody_in_records_logs_or_errors",
        "inbound/test_shell.py::a_bug_tells_nothing",
        "attack/test_municipal_texts.py::a_number_in_a_strange_place_comes_back_in_no_answer",
    ),
    # decided about whole, then cut
    "L23": (
        "attack/test_hidden_elements.py::no_choice_of_elements_brings_back_what_is_hidden_or_takes_away_what_warns",
        "attack/test_search_leaks.py::parts_of_a_resource_are_cut_after_the_decision",
    ),
    # as much work for what is hidden as for what is not there
    "L24": ("attack/test_same_work.py::the_hidden_takes_as_many_statements_as_the_absent", ANY),
    # without a label nobody sees it
    "L25": (
        "thorough/domain/consent/test_labels_and_dates.py::5_a_resource_without_a_counting_label_fails_closed",
        "thorough/domain/test_decide.py::what_no_row_speaks_of_is_closed",
        "flows/test_files_told.py::what_nobody_can_look_into_is_closed",
        "flows/test_files_told.py::a_permit_of_labels_covers_no_closed_file",
    ),
    # every label must be covered
    "L26": ("thorough/domain/consent/test_properties.py::a_permit_covers_every_label_that_counts",),
    # without a purpose there is nothing
    "L27": (
        "inbound/test_fhir_read.py::no_purpose_no_look",
        "attack/test_rest_writes.py::without_a_purpose_nothing_is_written",
        "flows/test_looks.py::without_a_purpose_nothing_is_shown_and_the_look_is_on_record",
    ),
    # staff and place of a shelter
    "L28": (
        "flows/directory/test_directory_shelters.py::staff_and_place_of_a_shelter_are_not_there_for_who_may_see_no_protected_address",
        "flows/directory/test_directory_shelters.py::a_role_that_left_the_shelter_stays_hidden_with_its_past",
    ),
    # nothing keeps an answer for another caller
    "L29": ("attack/test_all_doors.py::nothing_is_kept_framed_or_told_to_another_site",),
    # no number in a line of the log, nor in a link
    "L30": (
        "inbound/test_shell.py::log_lines_hold_routes_and_never_paths_or_queries",
        "inbound/test_search_door.py::a_link_is_its_callers_alone_and_ends",
        "inbound/test_console.py::no_number_of_a_citizen_in_any_address",
    ),
    # whose a resource is says its subject alone
    "L31": ("attack/test_rest_writes.py::nothing_leads_from_one_citizen_to_another",),
    # worlds of tests come in through the doors
    "L32": ("attack/test_channels.py::worlds_are_made_through_the_doors",),
    # a withdrawal counts at the next request
    "L33": (
        "stories/test_again.py::a_withdrawn_consent_is_gone_for_the_very_next_request",
        "thorough/domain/test_decide.py::withdrawal_counts_on_the_next_request",
        "attack/test_records.py::a_withdrawn_consent_and_a_lapsed_one_are_no_ground_for_the_next_look",
    ),
    # two who become one show nobody more
    "L34": (
        "attack/test_history.py::an_objection_holds_for_what_was_written_before_a_merge",
        "inbound/test_merged_citizen.py::of_two_words_the_more_restrictive_counts",
        "attack/test_history.py::a_protected_address_is_protected_under_every_identity",
    ),
}
