#!/usr/bin/env bats
# Who holds memory, by what the stacks of allocations say.

load cli

@test "report --by op sums up by the runtime's function that the program called" {
	make_recording calls.pt calls.records
	[ "$(pooltrace report calls.pt --by op --json | jq -c '.rows[] | [.pool, .op // (keys - ["process", "pid", "device", "pool", "now", "at_peak", "allocated"])[0],
		.now.bytes, .at_peak.buffers, .allocated.bytes]')" = \
		'["DRAM","ops::add",8192,3,12288]
["DRAM","ops::Tensor::to_device",2048,1,2048]
["DRAM","no_op",1024,1,1024]
["DRAM","before_attach",512,1,512]
["DRAM","no_stack",256,1,256]
["L1","ops::Tensor::to_device",64,1,64]' ]
	[[ "$(pooltrace report calls.pt --by op)" == *" OP"*"  ops::add"$'\n'*"  (no operation)"* ]]
	[ "$(pooltrace diff calls.pt calls.pt --by op --json | jq -c '[.rows[] | select(.op == "ops::add") | .new.end, .new.count]')" = "[8192,3]" ]
}

@test "what is an operation is in the recording, and nowhere else" {
	sed 's/api ops[^\\]*//' "$HERE/calls.records" | "$MKRECORDING" none.pt
	[[ "$(pooltrace report none.pt --by op)" == *$'\n'"no operation is known: the runtime file of the recording has no line 'api'" ]]
	[ "$(pooltrace report none.pt --by op --json | jq '[.rows[] | select(.no_op) | .allocated.buffers] | add')" -eq 6 ]
	# A file that only a newer pooltrace can read.
	sed 's/api ops/apis ops/' "$HERE/calls.records" | "$MKRECORDING" newer.pt
	[ "$(pooltrace report newer.pt --by op)" = "$(pooltrace report none.pt --by op)" ]
	[ "$(pooltrace report newer.pt --by line)" = "$(pooltrace report none.pt --by line)" ]
}
