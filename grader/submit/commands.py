"""The names of HTCondor's submit commands, and how this simulator treats each. Plain data.

Sources: the SUBMIT_KEY table of HTCondor 25 (src/condor_utils/submit_utils.h); for the names of attributes and the
values that are refused, condor_submit 23.9.6 and 25.14.1, which report lines that they don't use.
"""

from __future__ import annotations

SPELLINGS: dict[str, tuple[str, ...]] = {
    "executable": ("Cmd",),
    "arguments": ("args",),
    "environment": ("env",),
    "transfer_checkpoint_files": ("TransferCheckpoint",),
    "checkpoint_exit_code": ("SuccessCheckpointExitCode",),
    "initialdir": ("initial_dir", "job_iwd", "Iwd"),
    "input": ("stdin",),
    "output": ("stdout",),
    "error": ("stderr",),
    "log": ("UserLog",),
    "stream_output": ("StreamOut",),
    "stream_error": ("StreamErr",),
    "max_retries": ("JobMaxRetries",),
    "success_exit_code": ("JobSuccessExitCode",),
    "submit_event_notes": (),
    "universe": ("JobUniverse",),
    "shell": (),
} | {
    name: (name.replace("_", ""),)
    for name in """
transfer_executable transfer_input_files transfer_output_files transfer_plugins public_input_files
transfer_output_remaps preserve_relative_paths should_transfer_files when_to_transfer_output
erase_output_and_error_on_restart job_max_vacate_time kill_sig remove_kill_sig kill_sig_timeout request_cpus
request_memory request_disk
""".split()
}
"""The commands that the simulator reads, each with the other names that HTCondor accepts for it."""

HAD = frozenset("cpus disk diskusage executablesize false imagesize memory true undefined".split())
"""Names that have a value in the requests of a new job: its attributes, those of slots, and ClassAd's keywords."""

SILENT = frozenset(
    """
accounting_group accounting_group_user batch_id batch_name concurrency_limits description
email_attributes job_ad_information_attrs job_lease_duration keep_claim_idle log_xml nice_user
priority project_name request_gpus run_as_owner
submit_event_user_notes ulog_execute_attrs want_ads
""".split()
)
"""Commands whose effect a simulated job does not need."""

IDLE = frozenset(
    """
allow_arguments_v1 allow_environment_v1 allow_startup_script append_files arc_application arc_data_staging
arc_resources arc_rte arguments2 aws_access_key_id_file aws_region aws_secret_access_key_file azure_admin_key
azure_admin_username azure_auth_file azure_image azure_location azure_size batch_extra_submit_args
batch_project batch_queue batch_runtime buffer_block_size buffer_files buffer_size checkpoint_destination
cloud_label_names common_input_files compress_files concurrency_limits_expr container_image
container_is_common container_service_names container_target_dir copy_to_spool core_size cron_day_of_month
cron_day_of_week cron_hour cron_minute cron_month cron_prep_time cron_window cuda_version dag_node_name
dagman_job_id dagman_log deferral_prep_time deferral_time deferral_window
delegate_job_gsi_credentials_lifetime disk_usage docker_image docker_network_type docker_override_entrypoint
docker_pull_policy docker_send_credentials dont_encrypt_input_files dont_encrypt_output_files
ec2_access_key_id ec2_ami_id ec2_availability_zone ec2_block_device_mapping ec2_ebs_volumes ec2_elastic_ip
ec2_iam_profile_arn ec2_iam_profile_name ec2_instance_type ec2_keypair ec2_keypair_file ec2_parameter_names
ec2_secret_access_key ec2_security_groups ec2_security_ids ec2_spot_price ec2_tag_names ec2_user_data
ec2_user_data_file ec2_vpc_ip ec2_vpc_subnet encrypt_execute_directory encrypt_input_files
encrypt_output_files environment2 exit_requirements fetch_files file_remaps
gce_account gce_auth_file gce_image gce_json_file gce_machine_type gce_metadata gce_metadata_file
gce_preemptible getenv gpus_maximum_capability gpus_minimum_capability gpus_minimum_memory
gpus_minimum_runtime grid_resource gs_access_key_id_file gs_secret_access_key_file hold hold_kill_sig
image_size interactive_args interactive_executable jar_files java_vm_args java_vm_arguments java_vm_arguments2
job_machine_attrs job_machine_attrs_history_length jobset keystore_alias keystore_file
keystore_passphrase_file leave_in_queue load_profile local_files machine_count manifest
manifest_dir match_list_length max_idle max_job_retirement_time max_materialize memory_usage
mount_under_scratch my_proxy next_job_start_delay node_count noop_job noop_job_exit_code noop_job_exit_signal
notification notify_user on_evict_checks output_destination output_directory parallel_script_shadow
parallel_script_starter primary_unix_group rank remote_initialdir
rendezvousdir require_gpus requirements retry_request_disk retry_request_memory retry_request_memory_increase
retry_request_memory_max s3_access_key_id_file s3_secret_access_key_file scitokens_file send_credential
skip_filechecks skip_if_dataflow stack_size starter_debug starter_log stream_input submit_event_notes_attrs
suspend_job_at_exec tool_daemon_args tool_daemon_arguments tool_daemon_arguments2 tool_daemon_cmd
tool_daemon_error tool_daemon_input tool_daemon_output transfer_container transfer_error transfer_input
transfer_output use_oauth_services use_scitoken use_scitokens use_x509userproxy vm_checkpoint
vm_disk vm_macaddr vm_memory vm_networking vm_networking_type vm_no_output_vm vm_type vm_vcpus vm_vnc
want_graceful_removal want_io_proxy want_job_networking wantnametag wantparallelscheduling x509userproxy
xen_initrd xen_kernel xen_kernel_params xen_root submit_allow_duplicate_matches submit_fail_empty_fields
submit_fail_empty_matches submit_match_directories submit_warn_duplicate_matches submit_warn_empty_fields
submit_warn_empty_matches transfer_common_input
""".split()
)
"""Commands that have an effect in a pool, but not here."""

ATTRIBUTES = {
    "jobbatchname": "batch_name",
    "jobbatchid": "batch_id",
    "jobdescription": "description",
    "jobprio": "priority",
    "prio": "priority",
    "jobnotification": "notification",
    "leavejobinqueue": "leave_in_queue",
    "isnoopjob": "noop_job",
    "jobstarterdebug": "starter_debug",
    "jobstarterlog": "starter_log",
    "jobsetname": "jobset",
    "jobmaterializelimit": "max_materialize",
    "jobmaterializemaxidle": "max_idle",
    "materialize_max_idle": "max_idle",
    "userlogusexml": "log_xml",
    "userlogexecuteeventattrs": "ulog_execute_attrs",
    "acctgroupuser": "accounting_group_user",
    "streamin": "stream_input",
    "transferin": "transfer_input",
    "transferout": "transfer_output",
    "transfererr": "transfer_error",
    "preferences": "rank",
    "coresize": "core_size",
    "get_env": "getenv",
    "interactive_exectuable": "interactive_executable",
} | {
    name.replace("_", ""): name
    for name in """
accounting_group allowed_execute_duration allowed_job_duration append_files aws_region buffer_block_size buffer_files
buffer_size checkpoint_destination common_input_files compress_files container_image container_is_common
container_target_dir copy_to_spool cron_day_of_month cron_day_of_week cron_hour cron_minute cron_month cron_prep_time
cron_window cuda_version dag_node_name dagman_job_id deferral_time delegate_job_gsi_credentials_lifetime disk_usage
docker_image docker_network_type docker_override_entrypoint docker_pull_policy docker_send_credentials
dont_encrypt_input_files dont_encrypt_output_files ec2_access_key_id ec2_secret_access_key
email_attributes encrypt_execute_directory encrypt_input_files
encrypt_output_files fetch_files file_remaps hold_kill_sig image_size jar_files
java_vm_args job_ad_information_attrs job_lease_duration job_machine_attrs job_machine_attrs_history_length
keep_claim_idle kill_sig load_profile local_files manifest_dir max_job_retirement_time
max_transfer_input_mb max_transfer_output_mb mount_under_scratch next_job_start_delay nice_user noop_job_exit_code
noop_job_exit_signal notify_user on_exit_hold on_exit_hold_reason on_exit_hold_subcode on_exit_remove
output_destination output_directory parallel_script_shadow parallel_script_starter periodic_hold periodic_hold_reason
periodic_hold_subcode periodic_release periodic_remove periodic_vacate primary_unix_group project_name
request_gpus require_gpus run_as_owner
scitokens_file skip_if_dataflow stack_size submit_event_notes submit_event_notes_attrs submit_event_user_notes
submit_fail_empty_fields submit_fail_empty_matches submit_warn_duplicate_matches submit_warn_empty_fields
submit_warn_empty_matches suspend_job_at_exec tool_daemon_args tool_daemon_cmd tool_daemon_error tool_daemon_input
tool_daemon_output transfer_container use_oauth_services want_graceful_removal want_io_proxy
want_job_networking
""".split()
}
"""Other names of commands, in lower case. Most are the names of the job attributes that the commands set."""

HOLDS = ("on_exit_hold", "on_exit_hold_reason", "on_exit_hold_subcode")
POLICIES = ("on_exit_remove", "retry_until", *HOLDS)
"""The commands in LIMITED that are simulated if they depend only on attributes in POLICY_ATTRIBUTES."""

PERIODIC = (
    *("periodic_hold", "periodic_hold_reason", "periodic_hold_subcode"),
    *("periodic_release", "periodic_remove", "periodic_vacate"),
)
"""The commands in LIMITED that are simulated if they depend only on attributes in PERIODIC_ATTRIBUTES."""

BOUNDS = ("allowed_execute_duration", "allowed_job_duration", "max_transfer_input_mb", "max_transfer_output_mb")
"""The commands in LIMITED that are simulated if their value is a number."""

LIMITED = frozenset((*POLICIES, *PERIODIC, *BOUNDS))
"""Commands that are simulated if their value can be evaluated here."""

EXPRESSIONS = LIMITED | frozenset(
    """
concurrency_limits_expr job_lease_duration keep_claim_idle leave_in_queue max_job_retirement_time next_job_start_delay
noop_job noop_job_exit_code noop_job_exit_signal rank stack_size want_graceful_removal
""".split()
)
"""Commands that accept any ClassAd expression, besides requirements and all that begin with request_."""

CONSTANTS = frozenset(
    """
core_size dagman_job_id encrypt_execute_directory erase_output_and_error_on_restart hold
job_machine_attrs_history_length load_profile log_xml manifest match_list_length max_idle max_materialize nice_user priority run_as_owner skip_if_dataflow
stream_input transfer_error transfer_input transfer_output want_io_proxy
""".split()
)
"""Commands that accept a number, True or False, or an expression that has such a value without the job."""

DECIDING = {
    name: usual
    for usual, names in (
        (
            False,
            "hold getenv stream_input noop_job on_exit_hold periodic_hold periodic_release periodic_remove periodic_vacate "
            "skip_if_dataflow manifest",
        ),
        (True, "transfer_input transfer_output transfer_error on_exit_remove"),
        (
            None,
            "common_input_files transfer_common_input container_image docker_image allowed_execute_duration "
            "allowed_job_duration retry_until max_transfer_input_mb max_transfer_output_mb arguments2 environment2 "
            "output_destination append_files checkpoint_destination output_directory",
        ),
    )
    for name in names.split()
}
"""The commands in IDLE and LIMITED that may change how a job ends, each with the value that does not."""

PREFIXES = tuple(
    "my. request_ require_ ec2_tag_ ec2_parameter_ cloud_label_ transform_body_ remote_ batch_extra_ want_".split()
)
"""Prefixes of commands with names from the pool: request_NAME for a custom resource, say."""

PARTS = ("_oauth_permissions", "_oauth_resource", "_container_port")
"""Parts of commands that begin with a name of the user's choice: box_oauth_permissions, say."""

NAMES = SILENT | IDLE | LIMITED | SPELLINGS.keys()
"""Every command, by its usual name."""
USUAL = ATTRIBUTES | {name.lower(): usual for usual, others in SPELLINGS.items() for name in others}
"""Other name, in lower case → usual name."""
OTHERS = {usual: tuple(name for name in USUAL if USUAL[name] == usual) for usual in NAMES}
"""Usual name → its other names, in lower case."""
ALL = NAMES | USUAL.keys()
"""Every name that HTCondor accepts, in lower case."""

SET_BY = {
    "in": "input",
    "out": "output",
    "err": "error",
    "transferinput": "transfer_input_files",
    "transferoutput": "transfer_output_files",
    "_x_common_input_catalogs": "common_input_files",
    "singularityimage": "container_image",
}
"""Attributes, in lower case, that are not names of commands → the command that sets them, or does the same."""

PROGRAMS_BESIDE = frozenset(("my.precmd", "my.postcmd"))
"""Attributes, in lower case, that make programs run in the sandbox before and after the job's own. No command sets
them."""

HARMLESS = frozenset(("log", "submit_event_notes", "request_cpus", "request_memory", "request_disk"))
"""Simulated commands that don't change how a job ends."""


def overridden(name: str) -> str:
    """The command whose effect `+Attribute`, in lower case, replaces; "" if there is none that may change how a job
    ends."""
    attribute = name.removeprefix("my.")
    usual = SET_BY.get(attribute, USUAL.get(attribute, attribute))
    return usual if usual in (SPELLINGS.keys() | LIMITED | DECIDING.keys()) - HARMLESS else ""


MEANINGS = {
    "simulated": frozenset(SPELLINGS),
    "simulated where the value is a number, or depends only on `ExitCode`, `ExitBySignal`, `ExitSignal`, "
    "`NumJobCompletions`; with `NumJobStarts`, and in periodic policies with times, states and holds, on one schedule, unless "
    "they matter only for a job that is held; "
    "otherwise `verify` says `unknown`": LIMITED,
    "not simulated: `verify` says `unknown` unless the value is the usual one": IDLE & DECIDING.keys() - {"getenv"},
    "simulated by the commands `simulate` and `verify` where the value is a list of names of variables that are set "
    "there; otherwise `verify` says `unknown`": frozenset({"getenv"}),
    "ignored, with a remark that it has no effect here": IDLE - DECIDING.keys(),
    "ignored: a simulated job does not need its effect": SILENT,
}
"""How the simulator treats a command → the usual names of these commands."""
