"""The disclosure desk: private reports, and clocks that keep the policy's word."""
