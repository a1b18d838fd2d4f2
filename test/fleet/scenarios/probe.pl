# The game of the scenarios. Ten times a second it appends a line to its world and waits until that is on disk:
#   <id of its container, 12 digits> <count> <CLOCK_MONOTONIC in ns, which all machines out of one kernel share>
# The count goes on where the world left off. What could not be written is not counted.
# Perl, because one process of it costs next to nothing and every Debian has it; without modules, which the image lacks.
my $CLOCK_MONOTONIC = 1;
my $WRITE_APPEND_CREATE_DSYNC = 01 | 02000 | 0100 | 010000;
my $PAUSE_S = 0.1;

$| = 1;
$SIG{TERM} = sub { exit 0 };
open(my $hostname, '<', '/etc/hostname') or die "hostname: $!";
chomp(my $self = <$hostname>);

my $count = 0;
if (open(my $before, '<', '/data/writes')) {
  while (<$before>) { $count = $1 if /^\w+ (\d+) \d+$/ }
}
sysopen(my $world, '/data/writes', $WRITE_APPEND_CREATE_DSYNC) or die "world: $!";

sub now_ns {
  my $time = "\0" x 16;
  syscall($ENV{CLOCK_GETTIME} + 0, $CLOCK_MONOTONIC, $time) == 0 or die "clock: $!";
  my ($s, $ns) = unpack 'qq', $time;
  return $s * 1_000_000_000 + $ns;
}

# What was written in part must not run into what comes next.
my $torn = '';
print "counting from $count\n";
for (;;) {
  my $line = $torn . join(' ', $self, $count + 1, now_ns()) . "\n";
  my $written = syswrite($world, $line) // 0;
  $count++ if $written == length $line;
  $torn = "\n" if $written > 0;
  $torn = '' if $written == length $line;
  select(undef, undef, undef, $PAUSE_S);
}
