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

@test "report --tree merges stacks from the outermost function inwards" {
	make_recording calls.pt calls.records
	pooltrace report calls.pt --tree --bytes > tree
	diff tree - <<- 'END'
		 AT PEAK   SHARE  BUFFERS  CALLS
		   16128  100.0%        7  python, device 0, DRAM
		   15360   95.2%        5    serve.py:118 step
		   12288   76.2%        3      model.py:64 forward > ops::add<...> > ops::detail::launch<...> > rt::allocate
		    2048   12.7%        1      model.py:70 forward > ops::Tensor::to_device > ops::detail::launch<...> > rt::allocate
		    1024    6.3%        1      rt::allocate
		     512    3.2%        1    (before attach)
		     256    1.6%        1    (no stack)
		      64  100.0%        1  python, device 0, L1
		      64  100.0%        1    serve.py:118 step > model.py:70 forward > ops::Tensor::to_device > ops::detail::launch<...> > rt::allocate
	END
	[ "$(pooltrace report calls.pt --tree --by stack --bytes)" = "$(cat tree)" ]
	[ "$(pooltrace report calls.pt --tree --pool L1 | wc -l)" -eq 3 ]
	[[ "$(pooltrace report calls.pt --tree --top 1)" == *"      ... and 2 more, see --top"* ]]
	# What is called has all of what its callers have, and the leaves are the rows of --by stack.
	[ "$(pooltrace report calls.pt --tree --json | jq -c '[.. | objects | select(.calls) | .now.bytes == ([.calls[].now.bytes] | add)] | unique')" = "[true]" ]
	[ "$(pooltrace report calls.pt --tree --json | jq -c '[.. | objects | select(.now and (.calls | not)) | .allocated.bytes] | sort')" = \
		"$(pooltrace report calls.pt --by stack --json | jq -c '[.rows[].allocated.bytes] | sort')" ]
	# A moment: what was held then.
	pooltrace report calls.pt --tree --at +0.55s --bytes | grep -qx ' *4608  100.0%        2  python, device 0, DRAM'
	[[ "$(pooltrace report calls.pt --tree --at +0.55s)" == *" NOW "* ]]
	run --separate-stderr pooltrace report calls.pt --tree --by line
	says 2 "'--tree' is made of whole stacks: it contradicts '--by' other than 'stack'" "leave out either"
	make_recording run.pt
	[[ "$(pooltrace report run.pt --tree)" == *$'\n'"no allocation has a stack: record with --stacks" ]]
}
