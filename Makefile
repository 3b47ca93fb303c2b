# A thin face for Meson: everything is built in build/, the command is build/sinter.
#   make OPTIONS='-Djit=false' BUILD=build-nojit     another build beside it
#   make test TESTS='arena_test --verbose'           what follows goes to `meson test`
#   make install PREFIX=/usr DESTDIR=/tmp/package
BUILD = build
OPTIONS =
TESTS =
PREFIX = /usr/local
PYTHON = python3

.PHONY: all test demo bench proof check install clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix=$(PREFIX) $(OPTIONS)

# The last line is the sum over all test programs: N passed, N failed.
test: all
	@rm -f $(BUILD)/meson-logs/testlog.json; \
	meson test -C $(BUILD) --no-rebuild --no-suite proof $(TESTS); status=$$?; \
	$(PYTHON) tests/tally.py $(BUILD) && exit $$status

demo: all
	@examples/demo.sh $(BUILD)/sinter $(BUILD)/demo

bench: all
	@$(BUILD)/sinter bench

# Hours may go into this one: the long random comparisons, then the fuzzers.
proof: all
	@tests/proof.sh $(BUILD)

check:
	@tests/check.sh

install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX) && DESTDIR="$(DESTDIR)" meson install -C $(BUILD)

clean:
	rm -rf $(BUILD)
