"""What municipal systems answer: on the line on which they were sent something, and later in receipts of their own."""
