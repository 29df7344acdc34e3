/// Of this program and library; written into every file's provenance.
public enum PipelineVersion {
  public static let current = "0.1.0"
}
