import PipelineCore
import Testing

struct EvaluationTableTests {
  private func table(isTransposed: Bool) -> EvaluationTable {
    EvaluationTable(
      subject: "model", columns: [("bits", 2), ("bits ±", 2), ("ms", 0)],
      rows: [.init("a", [1.5, 0.25, nil]), .init("bb", [nil, nil, 12])], isTransposed: isTransposed)
  }

  /// A standard error stands beside its figure, and what does not apply is a dash.
  @Test func textOfBothWays() {
    #expect(
      table(isTransposed: false).text == """
        model         bits  ms
        a      1.50 ± 0.25   –
        bb               –  12
        """)
    #expect(
      table(isTransposed: true).text == """
        model            a  bb
        bits   1.50 ± 0.25   –
        ms               –  12
        """)
    #expect(table(isTransposed: true).jsonLines.split(separator: "\n").count == 2)
  }
}
